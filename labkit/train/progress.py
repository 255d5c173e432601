"""A line that moves while training runs, and a Ctrl-C that loses nothing."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from tqdm import tqdm

__all__ = ["interruptible", "progress_line"]


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event that is looked at between two chunks of steps.

    A second Ctrl-C raises ``KeyboardInterrupt`` as ever. Outside the main thread, where Python
    delivers no signals, nothing changes.
    """
    requested = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield requested
        return
    previous = signal.getsignal(signal.SIGINT)

    def on_interrupt(_signum: int, _frame: FrameType | None) -> None:
        requested.set()
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield requested
    finally:
        signal.signal(signal.SIGINT, previous)


def progress_line(total_steps: int, done_steps: int, *, shown: bool) -> Any:
    """A tqdm line over all steps; plain text, so that it works in terminals and notebooks alike."""
    return tqdm(
        total=total_steps,
        initial=done_steps,
        unit="step",
        file=sys.stderr,
        disable=not shown,
        dynamic_ncols=True,
        mininterval=0.2,
        leave=True,
    )
