"""`labkit data`: what there is, getting it, and whether it is genuine."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

import click

from labkit.errors import LabkitError
from labkit.units import format_bytes

__all__ = ["data"]


@click.group()
def data() -> None:
    """Data sets: list, fetch, verify."""


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_sets(as_json: bool) -> None:
    """Every data set labkit knows, and whether its files are here."""
    from labkit.data import data_list

    sets = data_list()
    if as_json:
        click.echo(
            json.dumps([{**asdict(about), "ready": about.ready} for about in sets], indent=1)
        )
        return
    width = max(len(about.name) for about in sets)
    for about in sets:
        size = format_bytes(about.download_bytes) if about.files else "embedded"
        state = "here" if about.ready else f"{about.files_here} of {about.files} files here"
        click.echo(f"{about.name:<{width}}  {size:>9}  {state:<20}  {about.title}")


@data.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def fetch(names: tuple[str, ...], as_json: bool) -> None:
    """Get the files of the data sets NAMED, and check them."""
    from labkit.data import fetch as fetch_set

    _report([_attempt(fetch_set, name) for name in names], as_json)


@data.command()
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def verify(names: tuple[str, ...], as_json: bool) -> None:
    """Compare the files of the data sets NAMED (or of all) with their checksums."""
    from labkit.data import available
    from labkit.data import verify as verify_set

    _report([_attempt(verify_set, name) for name in names or available()], as_json)


def _attempt(act: Any, name: str) -> dict[str, Any]:
    """The report on one set as plain data; an error does not stop the next set."""
    try:
        report = act(name)
    except LabkitError as error:
        return {"name": name, "ok": False, "error": str(error), "files": []}
    files = [{**asdict(file), "path": str(file.path)} for file in report.files]
    return {"name": name, "ok": report.ok, "error": "", "files": files}


def _report(reports: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(reports, indent=1))
    else:
        for report in reports:
            click.echo(f"{report['name']}: {'good' if report['ok'] else 'not good'}")
            for file in report["files"]:
                if file["state"] != "good":
                    click.echo(f"    {file['state']}: {file['path']} {file['detail']}")
            if report["error"]:
                click.echo(f"    {report['error']}")
    if not all(report["ok"] for report in reports):
        sys.exit(1)
