"""The command `labkit`: doctor, run, collect, board, data, plan, serve."""

from __future__ import annotations

import click

import labkit
from labkit.cli.board import board
from labkit.cli.collect import collect
from labkit.cli.data import data
from labkit.cli.doctor import doctor
from labkit.cli.planner import planner
from labkit.cli.run import run
from labkit.cli.serve import serve

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(labkit.__version__, prog_name="labkit")
def main() -> None:
    """A laboratory for AI computing: look at the machine, get data, run the course."""


main.add_command(doctor)
main.add_command(run)
main.add_command(collect)
main.add_command(board)
main.add_command(data)
main.add_command(planner)
main.add_command(serve)
