"""Energy counters: planted ones that are read, wrap around, or cannot be read; embodied carbon."""

from __future__ import annotations

import pytest

from labkit.cost import embodied_kg, measure_energy
from labkit.cost.embodied import LIFETIME_YEARS, embodied_g
from labkit.errors import ArgumentError


def plant(folder, name, energy, wrap=1_000_000):
    zone = folder / name
    zone.mkdir()
    (zone / "energy_uj").write_text(str(energy))
    (zone / "max_energy_range_uj").write_text(str(wrap))
    return zone / "energy_uj"


def test_counters_of_all_packages_are_read_and_wrap_around(tmp_path):
    first = plant(tmp_path, "intel-rapl:0", 900_000)
    second = plant(tmp_path, "intel-rapl:1", 100)
    plant(tmp_path, "intel-rapl:0:0", 5)  # a part of the first: not counted twice

    def work():
        first.write_text("100000")  # 200,000 µJ on, past the end
        second.write_text("300100")

    reading = measure_energy(work, counters=tmp_path)
    assert reading.measured
    assert reading.joules == pytest.approx(0.5)
    assert "measured: RAPL" in str(reading)


def test_without_a_counter_it_is_an_estimate_and_says_so(tmp_path):
    reading = measure_energy(lambda: sum(range(200_000)), core_power_w=10.0, counters=tmp_path)
    assert not reading.measured
    assert reading.joules == pytest.approx(10.0 * reading.busy_s)
    assert "estimated" in str(reading)
    assert "no counter can be read here" in str(reading)


@pytest.mark.parametrize("power", [None, 0.0, -1.0])
def test_without_counter_and_power_there_is_no_answer(tmp_path, power):
    (tmp_path / "intel-rapl:0").mkdir()  # a zone whose counter is not there
    with pytest.raises(ArgumentError, match="core_power_w must be given"):
        measure_energy(lambda: None, core_power_w=power, counters=tmp_path)


def test_embodied_carbon_is_spread_over_the_life_of_a_device():
    life_s = LIFETIME_YEARS * 31_557_600.0
    kilograms = embodied_kg("NVIDIA A100 PCIe 40 GB")
    assert embodied_g("NVIDIA A100 PCIe 40 GB", life_s) == pytest.approx(kilograms * 1e3)
    assert embodied_g("NVIDIA L4", 1.0) is None
