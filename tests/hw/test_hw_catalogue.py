"""The catalogue: every fact has a source, and peaks follow from the facts."""

from __future__ import annotations

import pytest

from labkit.errors import ArgumentError, DataError
from labkit.hw import devices, find_device, get_device
from labkit.hw.catalogue import parse_device

ROW = {
    "name": "Chip",
    "kind": "cpu",
    "cores": 4,
    "clock_hz": 1e9,
    "flops_per_cycle": 16,
    "url": "https://example.org/chip",
    "date": "2026-01-01",
    "licence": "facts only",
}


@pytest.mark.parametrize("name", list(devices()))
def test_every_device_is_usable_and_sourced(name):
    device = devices()[name]
    assert device.kind in ("cpu", "gpu", "tpu")
    assert "https://" in device.source
    assert device.peak_flops
    assert all(1e11 < peak < 1e16 for peak in device.peak_flops.values())
    assert 1e10 < device.bandwidth_bytes_per_s < 1e13
    assert device.power_w is None or 1 < device.power_w < 2000
    links = (device.interconnect_bytes_per_s, device.network_bytes_per_s)
    assert all(link is None or 1e9 < link < 1e12 for link in links)
    # Sparsity would show: int8 is twice the rate of the 16-bit formats, four times where those
    # sum in float32 at half their rate (GeForce).
    halves = [device.peak_flops.get(name, 0.0) for name in ("bfloat16", "float16")]
    if "int8" in device.peak_flops and max(halves):
        assert device.peak_flops["int8"] <= 4.1 * max(halves)


@pytest.mark.parametrize("missing", ["url", "date", "licence"])
def test_a_row_without_provenance_is_refused(missing):
    row = {key: value for key, value in ROW.items() if key != missing}
    with pytest.raises(DataError, match=rf"Chip lacks {missing}"):
        parse_device(row)


MEASURED = {
    "power_w": 5.0,
    "power_what": "at full load",
    "power_url": "https://example.org/meter",
    "power_date": "2026-01-02",
    "power_licence": "facts only",
}


@pytest.mark.parametrize("missing", ["power_url", "power_date", "power_licence"])
def test_a_measured_power_without_provenance_is_refused(missing):
    row = {key: value for key, value in (ROW | MEASURED).items() if key != missing}
    with pytest.raises(DataError, match=rf"Chip lacks {missing}"):
        parse_device(row)
    whole = parse_device(ROW | MEASURED)
    assert whole.power_w == 5.0
    assert whole.source.endswith(
        "power: at full load, https://example.org/meter (2026-01-02, facts only)"
    )


@pytest.mark.parametrize(
    "name", ["Raspberry Pi 5", "Apple A16 Bionic", "Qualcomm Snapdragon 8 Gen 2"]
)
def test_what_no_maker_publishes_was_measured(name):
    assert "; power: " in get_device(name).source
    assert 5 < get_device(name).power_w < 15


def test_a_cpus_peak_follows_from_its_cores_clock_and_vectors():
    assert parse_device(ROW).peak_flops == {"float32": 4 * 1e9 * 16}


def test_the_three_kinds_are_there_to_be_compared():
    assert {device.kind for device in devices().values()} == {"cpu", "gpu", "tpu"}
    assert len(devices()) >= 40


def test_looking_up_a_device():
    assert get_device("NVIDIA L4").name == "NVIDIA L4"
    assert find_device("NVIDIA H200").name == "NVIDIA H200 SXM"
    with pytest.raises(ArgumentError, match=r"name must be one of .*NVIDIA L4"):
        get_device("Pentium")
