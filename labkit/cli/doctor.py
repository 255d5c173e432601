"""`labkit doctor`: what this machine is, what is installed, and what was cured."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

import labkit
from labkit.errors import LabkitError

__all__ = ["doctor"]

_PACKAGES = (
    "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy", "scipy", "scikit-learn",
    "qiskit", "qiskit-aer", "jupyterlab", "ipywidgets", "papermill",
)  # fmt: skip


@click.command()
@click.option("--tune", is_flag=True, help="Measure this machine first (about two minutes).")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def doctor(tune: bool, as_json: bool) -> None:
    """Hardware, versions, remedies for slow defaults, and how good predictions have been.

    With --tune the machine is measured: the constants of the model of time, and which
    formulation of each kernel is fastest here. Both are kept for later.
    """
    if tune:
        _tune(quiet=as_json)
    findings = _findings()
    if as_json:
        click.echo(json.dumps(findings, indent=1, default=dict))
        return
    click.echo(f"labkit {labkit.__version__} on Python {findings['python']}")
    click.echo(findings["device"]["summary"])
    for name, version in findings["versions"].items():
        click.echo(f"  {name:<18}{version or 'not installed'}")
    click.echo("Remedies for slow defaults:")
    for remedy in findings["remedies"]:
        state = "applied" if remedy["applied"] else "not applied"
        click.echo(f"  {remedy['name']:<18}{state} ({remedy['detail']})")
    click.echo(f"Calibration: {findings['calibration'] or 'none yet: labkit doctor --tune'}")
    click.echo(f"Ledger: {findings['ledger']['summary']}")


def _tune(quiet: bool) -> None:
    from labkit.kernels import tune
    from labkit.perf import calibrate

    calibrate(refresh=True)
    for choice in tune():
        if not quiet:
            click.echo(f"{choice.operation} {dict(choice.shape)}: {choice.method}")


def _findings() -> dict[str, Any]:
    import platform

    from labkit.hw import runtime_report, this_device
    from labkit.teach import installed_version

    device = this_device()
    return {
        "labkit": labkit.__version__,
        "python": platform.python_version(),
        "device": {"summary": str(device), **_plain(device)},
        "versions": {name: installed_version(name) for name in _PACKAGES},
        "remedies": [asdict(remedy) for remedy in runtime_report()],
        "calibration": _calibration(),
        "ledger": _ledger(),
    }


def _calibration() -> str | None:
    """What this machine was measured to do, if it was."""
    from labkit.perf import Calibration, calibration_file

    if not calibration_file().exists():
        return None
    try:
        return str(Calibration.load(calibration_file()))
    except LabkitError as error:
        return f"unreadable: {error}"


def _ledger() -> dict[str, Any]:
    from labkit.perf import ledger

    summary = ledger.summarise(ledger.entries())
    return {"summary": str(summary), **asdict(summary)}


def _plain(device: Any) -> dict[str, Any]:
    return {**device.__dict__, "caches": [asdict(cache) for cache in device.caches]}
