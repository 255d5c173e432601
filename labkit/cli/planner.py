"""`labkit plan`: where a model should run, what that costs, and why not elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from labkit.errors import ArgumentError, LabkitError

__all__ = ["planner"]

_NONE_FEASIBLE = 3
_LISTED = 8


@click.command("plan")
@click.option("--from", "file", type=click.Path(path_type=Path), help="A request (JSON or YAML).")
@click.option("--name", default="model", show_default=True, help="What the model is called.")
@click.option("--gflop", type=float, help="Operations of one request, in GFLOP.")
@click.option("--parameters", type=float, help="Weights of the model, in millions.")
@click.option("--precision", default="bfloat16", show_default=True, help="Of weights and products.")
@click.option("--quality", type=float, default=1.0, show_default=True, help="As measured.")
@click.option("--rate", type=float, help="Requests per second, at the peak.")
@click.option("--p99-ms", type=float, help="99 of 100 answered within, in milliseconds.")
@click.option("--budget", type=float, help="The most a month may cost, in USD.")
@click.option("--min-quality", type=float, help="The least quality.")
@click.option("--max-carbon", type=float, help="The most grams of CO2e per thousand requests.")
@click.option("--network-ms", type=float, default=0.0, show_default=True, help="To the cloud.")
@click.option("--region", default="us-central1", show_default=True, help="Whose grid it is.")
@click.option("--edge", multiple=True, metavar="DEVICE:USD", help="A machine beside the reader.")
@click.option("--room", type=int, default=8, show_default=True, help="Machines at the edge.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option(
    "--assert", "asserted", is_flag=True, help="Exit with code 3 where no option keeps it."
)
def planner(file: Path | None, as_json: bool, asserted: bool, **flags: Any) -> None:
    """The cheapest machines that keep an objective, and what the others break.

    A request file has the flags' names as keys (p99_ms for --p99-ms); flags win over it. Instead
    of gflop and parameters it may bring measured times: "service_s": {device: {precision:
    [seconds by batch]}}, "batch_sizes", "memory_bytes" and "quality" by precision.
    """
    try:
        request = _request(file, flags)
        found = _plan(request)
    except LabkitError as error:
        raise click.UsageError(str(error)) from error
    click.echo(json.dumps(_as_json(found), indent=1) if as_json else _as_text(found))
    if asserted and found.best is None:
        raise SystemExit(_NONE_FEASIBLE)


def _request(file: Path | None, flags: Mapping[str, Any]) -> dict[str, Any]:
    """The file's keys, with those flags over them that were given."""
    context = click.get_current_context()
    given = {
        name: value
        for name, value in flags.items()
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    stored = _read(file) if file else {}
    measured = {"service_s", "batch_sizes", "memory_bytes"}
    unknown = sorted(set(stored) - set(flags) - measured)
    if unknown:
        known = ", ".join(sorted({*flags, *measured}))
        raise ArgumentError(f"{file}", required=f"a request with keys of {known}", got=unknown)
    request = {**flags, **stored, **given}
    for name in ("rate", "p99_ms"):
        if request[name] is None:
            flag = "--" + name.replace("_", "-")
            raise ArgumentError(flag, required="given, or in the request file", got=None)
    return request


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ArgumentError("--from", required="a file that can be read", got=str(error)) from error
    if file.suffix in (".yaml", ".yml"):
        import yaml

        loads, broken = yaml.safe_load, yaml.YAMLError
    else:
        loads, broken = json.loads, json.JSONDecodeError
    try:
        stored = loads(text)
    except broken as error:
        raise ArgumentError("--from", required="a valid request", got=str(error)) from error
    if not isinstance(stored, dict):
        raise ArgumentError("--from", required="a request with named values", got=stored)
    return stored


def _plan(request: Mapping[str, Any]) -> Any:
    from labkit import cost

    objective = cost.Objective(
        rate_per_s=_number(request, "rate"),
        p99_latency_s=_number(request, "p99_ms") / 1e3,
        budget_usd_per_month=request["budget"],
        min_quality=request["min_quality"],
        max_carbon_g_per_thousand=request["max_carbon"],
        network_s=_number(request, "network_ms") / 1e3,
    )
    return cost.plan(
        _workload(request),
        objective,
        region=cost.get_region(request["region"]),
        edge=[_edge(text) for text in request["edge"]],
        most_at_edge=request["room"],
    )


def _number(request: Mapping[str, Any], name: str) -> float:
    value = request[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentError("--" + name.replace("_", "-"), required="a number", got=value)
    return float(value)


def _workload(request: Mapping[str, Any]) -> Any:
    from labkit import cost
    from labkit.perf.demand import Demand, Kernel

    if "service_s" in request:
        table = {
            (device, precision): tuple(seconds)
            for device, by_precision in request["service_s"].items()
            for precision, seconds in by_precision.items()
        }
        needed = ("batch_sizes", "memory_bytes")
        missing = [name for name in needed if name not in request]
        if missing:
            raise ArgumentError("request", required="with " + " and ".join(needed), got=missing)
        precisions = {precision for _, precision in table}
        quality = request["quality"]
        if not isinstance(quality, Mapping):
            quality = dict.fromkeys(precisions, quality)
        sizes, memory = tuple(request["batch_sizes"]), request["memory_bytes"]
        return cost.Workload(request["name"], sizes, table, memory, quality)
    for name in ("gflop", "parameters"):
        if request[name] is None:
            flag = f"--{name}"
            raise ArgumentError(flag, required="given, or service_s in the request", got=None)
    flops, precision = _number(request, "gflop") * 1e9, request["precision"]
    width = {"float32": 4, "int8": 1}.get(precision, 2)
    weights = _number(request, "parameters") * 1e6 * width
    return cost.Workload.predicted(
        lambda batch, kind: Demand((Kernel(kind, flops * batch, weights),)),
        name=request["name"],
        precisions={precision: _number(request, "quality")},
        memory_bytes={precision: weights},
    )


def _edge(text: str) -> Any:
    from labkit import cost

    device, colon, price = text.rpartition(":")
    if not colon or not price.replace(".", "", 1).isdigit():
        raise ArgumentError("--edge", required="DEVICE:USD, such as 'NVIDIA L4:2500'", got=text)
    # Four years of life and 0.10 USD per kilowatt-hour: say otherwise with labkit.cost.own.
    return cost.own(device, price_usd=float(price), lifetime_years=4, electricity_usd_per_kwh=0.10)


def _as_text(found: Any) -> str:
    lines = [f"Best: {found.best}" if found.best else "No option keeps the objective."]
    if found.best:
        best = found.best
        lines.append(
            f"  {best.price_usd_per_thousand:.3g} USD and {best.carbon_g_per_thousand:.3g} g of "
            f"CO2e per thousand requests, {best.utilisation:.0%} busy".replace("%", " %")
        )
    lines.append(
        f"Nothing betters these in price, latency, carbon and quality ({len(found.front)}):"
    )
    lines += [f"  {option}" for option in found.front[:_LISTED]]
    lines.append(f"Rejected ({len(found.rejected)}), the cheapest of each reason:")
    cheapest: dict[str, Any] = {}
    for option in sorted(found.rejected, key=lambda o: o.price_usd_per_month):
        cheapest.setdefault(option.broken.split(":")[0].split(" of ")[0], option)
    lines += [f"  {option.broken} — {option}" for option in cheapest.values()]
    return "\n".join(lines)


def _as_json(found: Any) -> dict[str, Any]:
    from dataclasses import asdict

    def row(option: Any) -> dict[str, Any]:
        return {"place": option.place, **asdict(option)}

    return {
        "best": row(found.best) if found.best else None,
        "front": [row(option) for option in found.front],
        "feasible": len(found.feasible),
        "rejected": [
            {"place": o.place, "offer": o.offer.instance, "broken": o.broken}
            for o in found.rejected
        ],
    }
