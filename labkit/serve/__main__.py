"""``python -m labkit.serve BUNDLE``: serve an exported model on the loopback address."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from labkit.errors import LabkitError
from labkit.serve.settings import Settings


def main() -> None:
    """Read the command line, serve, and say on standard output what came of the start."""
    parser = argparse.ArgumentParser(prog="python -m labkit.serve", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--settings", default="{}", help="a JSON object")
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--policy", default="power_of_two")
    parser.add_argument("--cores", default="", help="such as 0,1")
    parser.add_argument("--log", type=Path, help="file for JSON logs")
    parser.add_argument("--watch-stdin", action="store_true")
    options = parser.parse_args()
    if options.cores and hasattr(os, "sched_setaffinity"):  # before JAX counts the cores
        os.sched_setaffinity(0, {int(core) for core in options.cores.split(",")})
    try:
        _serve(options)
    except LabkitError as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        raise SystemExit(1) from None


def _serve(options: argparse.Namespace) -> None:
    from labkit.serve.logs import log_to
    from labkit.serve.replica import serve_replica

    if options.log is not None:
        log_to(options.log.open("a", encoding="utf-8"))
    settings = Settings.from_json(options.settings)
    if options.replicas == 1:
        serve_replica(options.bundle, settings, options.port, watch_stdin=options.watch_stdin)
        return
    from labkit.serve.fleet import serve_fleet

    serve_fleet(
        options.bundle,
        settings,
        options.port,
        replicas=options.replicas,
        policy=options.policy,
        watch_stdin=options.watch_stdin,
    )


if __name__ == "__main__":
    main()
