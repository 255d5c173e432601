"""Write labkit/cost/offers.csv and regions.csv anew from the public tables below LABKIT_DATA.

    LABKIT_DATA=... python scripts/make_price_facts.py

Which table is used where they disagree, and why:

- *GPU clouds* (Lambda, CoreWeave, RunPod, Verda, ...) are in both price tables. The newer one
  (tardellirs/gpu-pricing, 2026-05-24) is used: its rows name the page and the day each was
  read; the older one (FSDL, 2025-03-07) has one day for all. Rows that it calls estimated, and
  marketplaces where each host sets its own price, are left out.
- *AWS, Azure, Google, Oracle* are in FSDL only, but for AWS on demand, which Vantage's table of
  2026-08-26 has too. The two agree to the cent but for AWS's A100s, cut by a third in 2025, and
  machines that FSDL lacks: there the newer one is used.
- RunPod's rows marked "spot" cost more than its on-demand rows: they are prices of its
  serverless workers under another name, and are left out.
- *Reserved* machines: AWS's for a year without payment upfront (Vantage's table) and its capacity
  blocks for weeks (its own page); Google's for a year's commitment, in Iowa, as its billing
  catalogue lists them by way of Cyclenerd's table of the day before FSDL's (a month is 730
  hours there; on demand the two agree to the cent, and the machines with L4s, which FSDL lacks,
  are from it wholly); Hyperstack's "from" prices, whose term its page does not say. Azure's were
  found only without the term they are for, other GPU clouds' only on request: they stay absent.
- *Hyperstack* is on its own page of 2026-08-26, not in the older table: three prices had risen by
  then, and a reserved price is to be compared with the other prices of its day.
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
    ("B200 SXM6", 180): "NVIDIA B200",
    ("NVIDIA H200 SXM5", 141): "NVIDIA H200 SXM",
    ("NVIDIA H100 SXM5", 80): "NVIDIA H100 SXM5 80GB",
    ("NVIDIA A100 SXM4", 80): "NVIDIA A100 SXM4 80 GB",
    ("NVIDIA A100 SXM4 80GB", 80): "NVIDIA A100 SXM4 80 GB",
    ("NVIDIA A100 80GB SXM", 80): "NVIDIA A100 SXM4 80 GB",
    ("NVIDIA A100 80GB PCIe", 80): "NVIDIA A100 PCIe 80 GB",
    ("NVIDIA A100 SXM4", 40): "NVIDIA A100 SXM4 40 GB",
    ("NVIDIA A30", 24): "NVIDIA A30",
    ("RTX 6000 Ada", 48): "NVIDIA RTX 6000 Ada Generation",
}
NEWER_CLOUDS = {
    "coreweave": "CoreWeave",
    "dataoorts": "Dataoorts",
    "digitalocean": "DigitalOcean",
    "jarvis-labs": "Jarvis Labs",
    "lambda": "Lambda",
    "runpod": "RunPod",
    "verda": "Verda",
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
    newer = {row[0] for row in AWS_HOURLY}
    with (folder / "prices" / "fsdl_cloud-gpus_2025-03-07.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["Cloud"] not in FSDL_CLOUDS or row["GPU Type"] not in FSDL_DEVICES:
                continue
            for kind, column in (("on demand", "On-demand"), ("spot", "Spot")):
                if row[column] and not (kind == "on demand" and row["Name"] in newer):
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
        if row["provider_id"] not in NEWER_CLOUDS or device is None:
            continue
        if any("estimated" in text for text in row.get("caveats", [])):
            continue
        if row["is_spot"] and row["provider_id"] == "runpod":
            continue
        yield {
            "provider": NEWER_CLOUDS[row["provider_id"]],
            "instance": row["id"],
            "device": device,
            "devices": 1,
            "vcpus": row["vcpu"] or "",
            "memory_gb": row["ram_gb"] or "",
            "kind": "spot" if row["is_spot"] else "on demand",
            "price_usd_per_hour": row["price_usd_hour"],
            "url": row["source_url"],
            "date": row["collected_at"],
            "licence": "MIT",
        }


#: US East (Ohio), prices in force until 2025-01-01; their date is the day the page was read.
BLOCKS = ("https://aws.amazon.com/ec2/capacityblocks/pricing/", "2026-11-21", "facts only")
#: Linux, US East (N. Virginia); reserved: for a year, nothing upfront.
VANTAGE = ("https://instances.vantage.sh/instances.json", "2026-08-26", "facts only")
A100_40, A100_80 = "NVIDIA A100 SXM4 40 GB", "NVIDIA A100 SXM4 80 GB"

#: AWS: instance, device, how many, vCPUs, memory, USD an hour: on demand, and reserved.
AWS_HOURLY = (
    ("p4d.24xlarge", A100_40, 8, 96, 1152, 21.957642),
    ("p4de.24xlarge", A100_80, 8, 96, 1152, 27.44705),
    ("p5.4xlarge", "NVIDIA H100 SXM5 80GB", 1, 16, 256, 6.88),
    ("p5.48xlarge", "NVIDIA H100 SXM5 80GB", 8, 192, 2048, 55.04),
    ("p5en.48xlarge", "NVIDIA H200 SXM", 8, 192, 2048, 63.296),
)
AWS_RESERVED = (
    ("g4dn.xlarge", "NVIDIA Tesla T4", 1, 4, 16, 0.331),
    ("g4dn.2xlarge", "NVIDIA Tesla T4", 1, 8, 32, 0.474),
    ("g4dn.4xlarge", "NVIDIA Tesla T4", 1, 16, 64, 0.759),
    ("g4dn.8xlarge", "NVIDIA Tesla T4", 1, 32, 128, 1.371),
    ("g4dn.12xlarge", "NVIDIA Tesla T4", 4, 48, 192, 2.465),
    ("g4dn.16xlarge", "NVIDIA Tesla T4", 1, 64, 256, 2.742),
    ("g4dn.metal", "NVIDIA Tesla T4", 8, 96, 384, 4.929),
    ("g5.xlarge", "NVIDIA A10G", 1, 4, 16, 0.63378),
    ("g5.2xlarge", "NVIDIA A10G", 1, 8, 32, 0.76356),
    ("g5.4xlarge", "NVIDIA A10G", 1, 16, 64, 1.02312),
    ("g5.8xlarge", "NVIDIA A10G", 1, 32, 128, 1.54224),
    ("g5.12xlarge", "NVIDIA A10G", 4, 48, 192, 3.57336),
    ("g5.16xlarge", "NVIDIA A10G", 1, 64, 256, 2.58048),
    ("g5.24xlarge", "NVIDIA A10G", 4, 96, 384, 5.13072),
    ("g5.48xlarge", "NVIDIA A10G", 8, 192, 768, 10.26144),
    ("p4d.24xlarge", A100_40, 8, 96, 1152, 13.921094),
    ("p4de.24xlarge", A100_80, 8, 96, 1152, 17.401365),
)
CAPACITY_BLOCKS = (
    ("p5.48xlarge", "NVIDIA H100 SXM5 80GB", 8, 192, 2048, 39.33),
    ("p5e.48xlarge", "NVIDIA H200 SXM", 8, 192, 2048, 43.26),
    ("p4d.24xlarge", A100_40, 8, 96, 1152, 14.75),
)


def aws() -> Iterator[dict[str, object]]:
    """AWS's machines, by the hour and paid for ahead."""
    for *machine, price in AWS_HOURLY:
        yield _row("AWS", *machine, "on demand", price, source=VANTAGE)
    for *machine, price in AWS_RESERVED:
        yield _row("AWS", *machine, "reserved", price, source=VANTAGE)
    for *machine, price in CAPACITY_BLOCKS:
        yield _row("AWS", *machine, "reserved", price, source=BLOCKS)


def _row(*values: object, source: tuple[str, ...]) -> dict[str, object]:
    return dict(zip(OFFER_FIELDS, (*values, *source), strict=True))


#: Its own page, transcribed at github.com/api-evangelist/nexgen-cloud.
HYPERSTACK = ("https://www.hyperstack.cloud/gpu-pricing", "2026-08-26", "facts only")

#: Hyperstack, one device: vCPUs and memory where the page says so, USD an hour on demand,
#: reserved ("from") and spot. Its A100 with NVLink is two PCIe cards with a bridge.
HYPERSTACK_HOURLY = (
    ("b200", "NVIDIA B200", 31, 256, 6.00, 5.10, None),
    ("h200-sxm", "NVIDIA H200 SXM", 22, 225, 3.99, 2.79, None),
    ("h100-sxm", "NVIDIA H100 SXM5 80GB", 24, 240, 3.20, 2.72, None),
    ("h100-pcie", "NVIDIA H100 PCIe", "", "", 2.50, 1.75, 2.00),
    ("a100-sxm", A100_80, "", "", 1.60, 1.36, None),
    ("a100-nvlink", "NVIDIA A100 PCIe 80 GB", "", "", 1.40, 0.98, None),
    ("a100-pcie", "NVIDIA A100 PCIe 80 GB", "", "", 1.35, 0.95, 1.08),
    ("l40", "NVIDIA L40", "", "", 1.00, 0.70, 0.80),
    ("rtx-a6000", "NVIDIA RTX A6000", "", "", 0.50, 0.35, 0.40),
)


def hyperstack() -> Iterator[dict[str, object]]:
    """Hyperstack's three ways to pay."""
    for name, device, cpus, memory, *prices in HYPERSTACK_HOURLY:
        for kind, price in zip(("on demand", "reserved", "spot"), prices, strict=True):
            if price is not None:
                machine = (f"hyperstack-{name}", device, 1, cpus, memory, kind, price)
                yield _row("Hyperstack", *machine, source=HYPERSTACK)


#: Google's billing catalogue, us-central1, by way of a table of all machines and regions
#: (pricing.yml at commit 0166a59e).
_GOOGLE_TABLE = "https://github.com/Cyclenerd/google-cloud-pricing-cost-calculator"
GOOGLE = (_GOOGLE_TABLE, "2025-03-06", "Apache-2.0")
H100 = "NVIDIA H100 SXM5 80GB"

#: Google: instance, device, how many, vCPUs, memory; USD a month committed for a year, and USD an
#: hour on demand and spot where FSDL has no row.
GOOGLE_PRICES = (
    ("a2-highgpu-1g", A100_40, 1, 12, 85, 1689.3711392, None, None),
    ("a2-highgpu-2g", A100_40, 2, 24, 170, 3378.7422784, None, None),
    ("a3-highgpu-8g", H100, 8, 208, 1872, 44810.08066464, None, 35.3957496986301),
    ("g2-standard-4", "NVIDIA L4", 1, 4, 16, 325.07215214, 0.706832255, 0.279932),
    ("g2-standard-32", "NVIDIA L4", 1, 32, 128, 797.63967862, 1.734376367, 0.677756),
)


def google() -> Iterator[dict[str, object]]:
    """Google's machines for a year, and those with L4s."""
    for *machine, monthly, hourly, spot in GOOGLE_PRICES:
        prices = {"reserved": monthly / 730, "on demand": hourly, "spot": spot}
        for kind, price in prices.items():
            if price is not None:
                yield _row("GCP", *machine, kind, round(price, 6), source=GOOGLE)


def all_offers(folder: Path) -> list[dict[str, object]]:
    """Every offer, large clouds first."""
    return [*large_clouds(folder), *aws(), *google(), *gpu_clouds(folder), *hyperstack()]


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
