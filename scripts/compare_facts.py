"""Print where the public tables below LABKIT_DATA disagree with each other and with labkit's facts.

    LABKIT_DATA=... python scripts/compare_facts.py

Which one is used, and why, stands at the head of ``labkit/hw/devices.toml`` and of
``scripts/make_price_facts.py``.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from labkit.cost import regions
from labkit.hw import devices

#: labkit's field -> Epoch's column.
COLUMNS = {
    "memory_bytes": "Memory size per board (Byte)",
    "bandwidth_bytes_per_s": "Memory bandwidth (byte/s)",
    "power_w": "TDP (W)",
}
PEAKS = {
    "float32": "FP32 (single precision) performance (FLOP/s)",
    "tensorfloat32": "TF32 (TensorFloat-32) performance (FLOP/s)",
    "bfloat16": "Tensor-FP16/BF16 performance (FLOP/s)",
    "int8": "INT8 performance (OP/s)",
}


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with (folder / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def device_differences(folder: Path) -> Iterator[tuple[str, str, float, float]]:
    """(device, field, labkit's value, Epoch's value) where they differ by more than 1 %."""
    epoch = {r["Hardware name"]: r for r in table(folder, "hardware/epoch_ml_hardware_2025-12.csv")}
    for device in devices().values():
        row = epoch.get(device.name)
        if row is None or "epoch.ai" not in device.source:
            continue
        mine = {field: getattr(device, field) for field in COLUMNS} | dict(device.peak_flops)
        for field, column in {**COLUMNS, **PEAKS}.items():
            ours, theirs = mine.get(field), row[column]
            if ours and theirs and abs(ours / float(theirs) - 1) > 0.01:
                yield device.name, field, ours, float(theirs)


def price_differences(folder: Path) -> Iterator[tuple[str, float, float]]:
    """(GPU, median USD per GPU and hour in the older table, in the newer one)."""
    older: dict[str, list[float]] = {}
    for row in table(folder, "prices/fsdl_cloud-gpus_2025-03-07.csv"):
        if row["On-demand"] and row["Per-GPU"]:
            older.setdefault(row["GPU Type"].split()[0], []).append(float(row["Per-GPU"]))
    text = (folder / "prices/tardellirs_offerings_2026-05-24.json").read_text(encoding="utf-8")
    newer: dict[str, list[float]] = {}
    for row in json.loads(text):
        if not row["is_spot"]:
            for word in row["gpu_model"].split():
                newer.setdefault(word, []).append(float(row["price_usd_hour"]))
    for gpu in sorted(set(older) & set(newer)):
        yield gpu, statistics.median(older[gpu]), statistics.median(newer[gpu])


def carbon_differences(folder: Path) -> Iterator[tuple[str, float, float]]:
    """(region, labkit's grams per kWh, mlco2/impact's) of Google's regions."""
    for row in table(folder, "carbon/mlco2_impact.csv"):
        if row["provider"] == "gcp" and row["region"] in regions() and row["impact"]:
            yield row["region"], regions()[row["region"]].carbon_g_per_kwh, float(row["impact"])


def main() -> None:
    """Print all three."""
    if not os.environ.get("LABKIT_DATA"):
        sys.exit("Set LABKIT_DATA to the folder that holds hardware/, prices/ and carbon/.")
    folder = Path(os.environ["LABKIT_DATA"])
    print("Devices whose row is Epoch's, but for (labkit, Epoch):")
    for name, field, ours, theirs in device_differences(folder):
        print(f"  {name:32} {field:22} {ours:<10.4g} {theirs:.4g}")
    print("On-demand prices, median USD per GPU and hour (FSDL 2025-03, tardellirs 2026-05):")
    for gpu, before, now in price_differences(folder):
        print(f"  {gpu:10} {before:<8.3g} {now:.3g}")
    print("Grid carbon of Google's regions, g/kWh (Google 2024, mlco2/impact 2019):")
    for region, now, before in carbon_differences(folder):
        print(f"  {region:26} {now:<8.4g} {before:.4g}")


if __name__ == "__main__":
    main()
