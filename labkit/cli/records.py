"""What a run leaves in its folder: the request, one record per notebook, and how to resume."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from labkit.cli.job import Outcome
from labkit.cli.plan import Job, request_id
from labkit.errors import ArgumentError
from labkit.teach import RESULT_MIME

__all__ = ["Record", "Run", "open_run"]


@dataclass(frozen=True)
class Record:
    """What came of one job.

    Attributes:
        status: ``"ok"`` or ``"failed"``.
        predicted_s: the time the notebook states for two reference cores, times this machine's
            pace; ``None`` if it did not get so far.
        measured_s: wall time from the start of the kernel to its end.
        peak_bytes: the most memory the kernel held.
        results: what the notebook published.
        figures: file name and alternative text of each picture.
    """

    label: str
    notebook_sha256: str
    status: str
    error: str
    measured_s: float
    peak_bytes: int
    predicted_s: float | None = None
    results: dict[str, Any] = field(default_factory=dict)
    figures: list[list[str]] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A folder with the results of one request."""

    folder: Path
    jobs: tuple[Job, ...]

    def output(self, job: Job) -> Path:
        """Where the executed notebook goes."""
        return self.folder / f"{job.label}.ipynb"

    def record(self, job: Job) -> Record | None:
        """The stored record, if it is of the notebook as it is now."""
        try:
            stored = json.loads(self._record_file(job).read_text(encoding="utf-8"))
            record = Record(**stored)
        except (OSError, ValueError, TypeError):
            return None
        return record if record.notebook_sha256 == job.notebook_sha256 else None

    def store(self, job: Job, outcome: Outcome, pace: float = 1.0) -> Record:
        """Write the record of a finished job, with what its notebook published.

        Args:
            job: what was run.
            outcome: how it ended.
            pace: by what the time that the notebook states is multiplied on this machine.
        """
        record = Record(
            label=job.label,
            notebook_sha256=job.notebook_sha256,
            parameters=dict(job.parameters),
            **asdict(outcome),
            **self._published(job, pace),
        )
        write_atomically(self._record_file(job), json.dumps(asdict(record), indent=1))
        return record

    def unfinished(self) -> list[Job]:
        """The jobs that did not end well yet."""
        records = {job.label: self.record(job) for job in self.jobs}
        return [job for job in self.jobs if (r := records[job.label]) is None or r.status != "ok"]

    def _record_file(self, job: Job) -> Path:
        return self.folder / "records" / f"{job.label}.json"

    def _published(self, job: Job, pace: float) -> dict[str, Any]:
        """Prediction, results and pictures from the outputs of the executed notebook."""
        try:
            cells = json.loads(self.output(job).read_text(encoding="utf-8"))["cells"]
        except (OSError, ValueError):
            return {}
        found: dict[str, Any] = {"predicted_s": None, "results": {}, "figures": []}
        for output in (o for cell in cells for o in cell.get("outputs", [])):
            data = output.get("data", {})
            published = data.get(RESULT_MIME, {})
            found["results"] |= published.get("results", {})
            if "start" in published:
                found["predicted_s"] = pace * published["start"]["predicted_s"]
            if "image/png" in data:
                alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
                name = f"figures/{job.label}-{len(found['figures']) + 1}.png"
                (self.folder / name).write_bytes(base64.b64decode("".join(data["image/png"])))
                found["figures"].append([name, alt])
        return found


def open_run(jobs: Sequence[Job], out: Path | None, runs: Path) -> Run:
    """The folder for these jobs: a new one, or the unfinished one of the same command.

    Args:
        jobs: what is asked.
        out: the folder the user named, if any.
        runs: where folders named after the time are made.

    Raises:
        ArgumentError: ``out`` holds the results of another command.
    """
    request = request_id(jobs)
    if out is None:
        for folder in sorted(runs.glob("*/"), reverse=True):
            run = Run(folder, tuple(jobs))
            if _request_of(folder) == request and run.unfinished():
                return run
        out = runs / datetime.now().strftime("%Y-%m-%d_%H%M%S_%f")[:-3]
    elif _request_of(out) not in (None, request):
        fix = "Choose another folder, or repeat the command that made it."
        raise ArgumentError("--out", required="empty or of the same command", got=str(out), fix=fix)
    for name in ("records", "figures"):
        (out / name).mkdir(parents=True, exist_ok=True)
    write_atomically(out / "run.json", json.dumps({"request": request}))
    return Run(out, tuple(jobs))


def write_atomically(path: Path, text: str) -> None:
    """All of the text or none of it, whenever the process is killed."""
    half = path.with_name(f"{path.name}.{os.getpid()}.part")
    half.write_text(text, encoding="utf-8")
    half.replace(path)


def _request_of(folder: Path) -> str | None:
    try:
        return json.loads((folder / "run.json").read_text(encoding="utf-8"))["request"]
    except (OSError, ValueError, KeyError):
        return None
