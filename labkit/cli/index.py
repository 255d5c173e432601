"""The page a run leaves: every notebook's status, times, memory, results and pictures."""

from __future__ import annotations

from html import escape
from pathlib import Path

import labkit
from labkit.cli.plan import Job
from labkit.cli.records import Record, Run, write_atomically
from labkit.units import format_bytes, format_time

__all__ = ["page", "write_index"]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { padding: .35rem .7rem; text-align: left; border-bottom: 1px solid #bbb }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.failed { color: #b3261e; font-weight: 600 } .ok { color: #00663f }
figure { display: inline-block; margin: .5rem } img { max-width: 30rem; background: white }
figcaption { max-width: 30rem; font-size: .85rem } pre { white-space: pre-wrap }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #e6e6e6 } a { color: #8ab4f8 }
  .failed { color: #ff8a80 } .ok { color: #7bd8a8 } }
"""


def write_index(run: Run) -> Path:
    """Write ``index.html`` from the records that stand now."""
    records = [(job, run.record(job)) for job in run.jobs]
    done = [record for _, record in records if record]
    measured = format_time(sum(record.measured_s for record in done))
    failed = sum(record.status == "failed" for record in done)
    rows = "\n".join(_row(job, record) for job, record in records)
    details = "\n".join(_details(record) for record in done)
    body = f"""<p>{len(done)} of {len(records)} notebooks finished, {failed} failed, {measured} of
work; labkit {labkit.__version__}.</p>
<table><thead><tr><th>notebook</th><th>status</th><th>predicted</th><th>measured</th>
<th>measured / predicted</th><th>peak memory</th><th>results</th></tr></thead><tbody>
{rows}
</tbody></table>
{details}"""
    title = f"labkit run {run.folder.name}"
    path = run.folder / "index.html"
    write_atomically(path, page(title, body))
    return path


def page(title: str, body: str) -> str:
    """A whole HTML page that needs nothing but itself; ``body`` is HTML below the title."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>
<h1>{escape(title)}</h1>
{body}
</main></body></html>
"""


def _row(job: Job, record: Record | None) -> str:
    name = escape(job.label)
    if record is None:
        return f"<tr><td>{name}</td><td>not finished</td>{'<td></td>' * 5}</tr>"
    predicted, ratio = "", ""
    if record.predicted_s:
        predicted = format_time(record.predicted_s, 2)
        ratio = f"{record.measured_s / record.predicted_s:.2f}"
    numbers = [
        predicted,
        format_time(record.measured_s),
        ratio,
        format_bytes(record.peak_bytes),
    ]
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    results = ", ".join(f"{escape(key)} = {value}" for key, value in record.results.items())
    return (
        f'<tr><td><a href="{name}.ipynb">{name}</a></td>'
        f'<td class="{record.status}">{record.status}</td>{cells}<td>{escape(results)}</td></tr>'
    )


def _details(record: Record) -> str:
    told = ", ".join(f"{key} = {value}" for key, value in record.parameters.items())
    parts = [f"<section><h2>{escape(record.label)}</h2><p>{escape(told)}</p>"]
    if record.error:
        parts.append(f'<pre class="failed">{escape(record.error)}</pre>')
    parts += [
        f'<figure><img src="{escape(name)}" alt="{escape(alt)}" loading="lazy">'
        f"<figcaption>{escape(alt)}</figcaption></figure>"
        for name, alt in record.figures
    ]
    return "\n".join([*parts, "</section>"])
