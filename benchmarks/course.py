"""The course at its default profile: wall time and peak memory of every notebook.

    python -m benchmarks.course [--json FILE]

Each notebook runs as by `labkit run`, one after the other, on embedded data. No peer: the
figures are held against what Binder gives a reader. The site prints them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks._harness import Row, main

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = "from labkit.cli import main; main(prog_name='labkit')"
MOST_S, MOST_BYTES, MOST_COURSE_S = 60.0, 2e9, 15 * 60.0


def rows() -> Iterator[Row]:
    """Two rows for each notebook (seconds, bytes), one for the whole course."""
    records = _run()
    for record in records:
        if record["status"] != "ok":
            sys.exit(f"{record['label']}: {record['error']}")
        yield Row(record["label"], "", record["measured_s"], MOST_S, "lower", {"unit": "s"})
        yield Row(record["label"], "", record["peak_bytes"], MOST_BYTES, "lower", {"unit": "B"})
    total_s = sum(record["measured_s"] for record in records)
    yield Row("the whole course", "", total_s, MOST_COURSE_S, "lower", {"unit": "s"})


def _run() -> list[dict]:
    environment = {key: value for key, value in os.environ.items() if key != "LABKIT_DATA"}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", PROGRAM, "run", "--json", "--out", f"{folder}/out"]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main(rows, title="The course at the profile smoke", packages=("jax", "numpy", "qiskit"))
