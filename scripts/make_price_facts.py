"""Write labkit/cost/offers.csv and regions.csv anew from the public tables below LABKIT_DATA.

    LABKIT_DATA=... python scripts/make_price_facts.py

Which table is used where they disagree, and why:

- *GPU clouds* (Lambda, CoreWeave, RunPod, ...) are in both price tables. The newer one
  (tardellirs/gpu-pricing, 2026-05-24) is used: its rows name the page and the day each was
  read; the older one (FSDL, 2025-03-07) has one day for all.
- *AWS, Azure, Google, Oracle* are in FSDL only.
- RunPod's rows marked "spot" cost more than its on-demand rows: they are prices of its
  serverless workers under another name, and are left out.
- *Reserved* machines are AWS's capacity blocks, read from its own page: neither table has any.
- *Grid carbon* of Google's regions is Google's own figure for 2024, of countries
  Our World in Data's through codecarbon. mlco2/impact's table dates from 2019 and is not used.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: FSDL's names of devices -> the names of labkit/hw/devices.toml.
FSDL_DEVICES = {
    "A100 (80 GB)": "NVIDIA A100 SXM4 80 GB",
    "A100 (40 GB)": "NVIDIA A100 SXM4 40 GB",
    "H100 (80 GB)": "NVIDIA H100 SXM5 80GB",
    "V100 (16 GB)": "NVIDIA Tesla V100 SXM2 16 GB",
    "V100 (32 GB)": "NVIDIA Tesla V100 SXM2 32 GB",
    "A10G (24 GB)": "NVIDIA A10G",
    "A10": "NVIDIA A10 PCIe",
    "T4 (16 GB)": "NVIDIA Tesla T4",
}
FSDL_CLOUDS = ("AWS", "Azure", "GCP", "Oracle Cloud")

#: Names and memory (GB) of the newer table -> the names of labkit/hw/devices.toml.
NEWER_DEVICES = {
    ("NVIDIA B200 SXM6", 180): "NVIDIA B200",
    ("NVIDIA B200", 180): "NVIDIA B200",
    ("NVIDIA HGX H200", 141): "NVIDIA H200 SXM",
    ("NVIDIA H200 SXM", 141): "NVIDIA H200 SXM",
    ("NVIDIA H100 SXM", 80): "NVIDIA H100 SXM5 80GB",
    ("NVIDIA HGX H100", 80): "NVIDIA H100 SXM5 80GB",
    ("NVIDIA HGX H100 SXM", 80): "NVIDIA H100 SXM5 80GB",
    ("NVIDIA H100 PCIe", 80): "NVIDIA H100 PCIe",
    ("NVIDIA A100 SXM", 80): "NVIDIA A100 SXM4 80 GB",
    ("NVIDIA A100 SXM", 40): "NVIDIA A100 SXM4 40 GB",
    ("NVIDIA A100 NVLink", 80): "NVIDIA A100 SXM4 80 GB",
    ("NVIDIA A10", 24): "NVIDIA A10 PCIe",
    ("NVIDIA L4", 24): "NVIDIA L4",
    ("NVIDIA L40", 48): "NVIDIA L40",
    ("NVIDIA A40", 48): "NVIDIA A40 PCIe",
    ("NVIDIA RTX 4090", 24): "NVIDIA GeForce RTX 4090",
    ("NVIDIA RTX 3090", 24): "NVIDIA GeForce RTX 3090",
    ("NVIDIA RTX A6000", 48): "NVIDIA RTX A6000",
    ("NVIDIA A6000", 48): "NVIDIA RTX A6000",
    ("AMD MI300X", 192): "AMD Instinct MI300X",
}
NEWER_CLOUDS = {
    "coreweave": "CoreWeave",
    "digitalocean": "DigitalOcean",
    "hyperstack": "Hyperstack",
    "lambda": "Lambda",
    "runpod": "RunPod",
    "vultr": "Vultr",
}

#: Average industrial price of electricity, US cents per kWh, 2023 (US EIA, Electric Power Annual,
#: public domain), and of non-household consumers, EUR per kWh without VAT, first half of 2024
#: (Eurostat, nrg_pc_205, reuse with source), at the European Central Bank's mean of that half,
#: 1.0813 USD per EUR.
EIA = ("https://www.eia.gov/electricity/annual/secrev-map.php", "2024-10-17", "public domain")
EUROSTAT = (
    "https://ec.europa.eu/eurostat/statistics-explained/index.php?title=Electricity_price_statistics",
    "2024-10-28",
    "CC BY 4.0",
)
ELECTRICITY = {
    "us-central1": (0.0691, EIA),
    "us-east1": (0.0668, EIA),
    "us-east2": (0.0688, EIA),
    "us-east4": (0.0892, EIA),
    "us-east5": (0.0703, EIA),
    "us-south1": (0.0660, EIA),
    "us-central2": (0.0626, EIA),
    "us-west1": (0.0752, EIA),
    "us-west2": (0.1864, EIA),
    "us-west3": (0.0699, EIA),
    "us-west4": (0.1036, EIA),
    "europe-north1": (0.0939 * 1.0813, EUROSTAT),
}

_PROVENANCE = ["url", "date", "licence"]
OFFER_FIELDS = [
    *("provider", "instance", "device", "devices", "vcpus", "memory_gb", "kind"),
    "price_usd_per_hour",
    *_PROVENANCE,
]
REGION_FIELDS = [
    *("region", "place", "carbon_g_per_kwh"),
    *_PROVENANCE,
    "electricity_usd_per_kwh",
    *(f"electricity_{name}" for name in _PROVENANCE),
]


def large_clouds(folder: Path) -> Iterator[dict[str, object]]:
    """Rows of AWS, Azure, Google and Oracle, on demand and spot."""
    with (folder / "prices" / "fsdl_cloud-gpus_2025-03-07.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["Cloud"] not in FSDL_CLOUDS or row["GPU Type"] not in FSDL_DEVICES:
                continue
            for kind, column in (("on demand", "On-demand"), ("spot", "Spot")):
                if row[column]:
                    yield {
                        "provider": row["Cloud"],
                        "instance": row["Name"],
                        "device": FSDL_DEVICES[row["GPU Type"]],
                        "devices": row["GPUs"],
                        "vcpus": row["vCPUs"],
                        "memory_gb": row["RAM"],
                        "kind": kind,
                        "price_usd_per_hour": row[column],
                        "url": "https://fullstackdeeplearning.com/cloud-gpus/",
                        "date": "2025-03-07",
                        "licence": "MIT",
                    }


def gpu_clouds(folder: Path) -> Iterator[dict[str, object]]:
    """Rows of the clouds that rent GPUs above all."""
    text = (folder / "prices" / "tardellirs_offerings_2026-05-24.json").read_text(encoding="utf-8")
    for row in json.loads(text):
        device = NEWER_DEVICES.get((row["gpu_model"], row["vram_gb"]))
        if row["provider_id"] not in NEWER_CLOUDS or device is None or row["is_spot"]:
            continue
        yield {
            "provider": NEWER_CLOUDS[row["provider_id"]],
            "instance": row["id"],
            "device": device,
            "devices": 1,
            "vcpus": row["vcpu"] or "",
            "memory_gb": row["ram_gb"] or "",
            "kind": "on demand",
            "price_usd_per_hour": row["price_usd_hour"],
            "url": row["source_url"],
            "date": row["collected_at"],
            "licence": "MIT",
        }


#: https://aws.amazon.com/ec2/capacityblocks/pricing/: instance, device, how many, vCPUs, memory,
#: USD an hour, US East (Ohio), prices in force until 2025-01-01.
CAPACITY_BLOCKS = (
    ("p5.48xlarge", "NVIDIA H100 SXM5 80GB", 8, 192, 2048, 39.33),
    ("p5e.48xlarge", "NVIDIA H200 SXM", 8, 192, 2048, 43.26),
    ("p4d.24xlarge", "NVIDIA A100 SXM4 40 GB", 8, 96, 1152, 14.75),
)


def reserved() -> Iterator[dict[str, object]]:
    """Machines that are paid for ahead."""
    for instance, device, devices, vcpus, memory, price in CAPACITY_BLOCKS:
        yield {
            "provider": "AWS",
            "instance": instance,
            "device": device,
            "devices": devices,
            "vcpus": vcpus,
            "memory_gb": memory,
            "kind": "reserved",
            "price_usd_per_hour": price,
            "url": "https://aws.amazon.com/ec2/capacityblocks/pricing/",
            "date": "2026-11-21",
            "licence": "facts only",
        }


def all_offers(folder: Path) -> list[dict[str, object]]:
    """Every offer, large clouds first."""
    return [*large_clouds(folder), *reserved(), *gpu_clouds(folder)]


def regions(folder: Path) -> Iterator[dict[str, object]]:
    """Google's regions, then countries, with the carbon of their grid."""
    with (folder / "carbon" / "gcp_region_carbon_2024.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            region = row["Google Cloud Region"]
            usd, source = ELECTRICITY.get(region, ("", ("", "", "")))
            yield {
                "region": region,
                "place": row["Location"],
                "carbon_g_per_kwh": row["Grid carbon intensity (gCO2eq / kWh)"],
                "url": "https://github.com/GoogleCloudPlatform/region-carbon-info",
                "date": "2024-12-31",
                "licence": "Apache-2.0",
                "electricity_usd_per_kwh": round(usd, 4) if usd else "",
                **dict(zip(REGION_FIELDS[-3:], source, strict=True)),
            }
    mix = json.loads((folder / "carbon" / "codecarbon_global_energy_mix.json").read_text())
    for code, row in sorted(mix.items()):
        yield {
            "region": code,
            "place": row["country_name"],
            "carbon_g_per_kwh": row["carbon_intensity"],
            "url": "https://ourworldindata.org/grapher/carbon-intensity-electricity",
            "date": f"{row['year']}-12-31",
            "licence": "CC BY 4.0",
        }


def write(path: Path, fields: list[str], rows: list[dict[str, object]]) -> None:
    """Write the rows once each, in order."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        seen = set()
        for row in rows:
            key = tuple(str(row.get(field, "")) for field in fields)
            if key not in seen:
                writer.writerow(row)
            seen.add(key)


def main() -> None:
    """Write both files."""
    if not os.environ.get("LABKIT_DATA"):
        sys.exit("Set LABKIT_DATA to the folder that holds prices/ and carbon/.")
    folder = Path(os.environ["LABKIT_DATA"])
    write(ROOT / "labkit" / "cost" / "offers.csv", OFFER_FIELDS, all_offers(folder))
    write(ROOT / "labkit" / "cost" / "regions.csv", REGION_FIELDS, list(regions(folder)))


if __name__ == "__main__":
    main()
