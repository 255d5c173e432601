"""A line that moves while training runs, and a Ctrl-C that loses nothing."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from tqdm import tqdm

__all__ = ["interruptible", "progress_line"]


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event that is looked at between two chunks of steps.

    A second Ctrl-C raises ``KeyboardInterrupt`` as ever. A run inside a search tells the search
    too. Outside the main thread, where Python delivers no signals, nothing changes.
    """
    requested = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield requested
        return
    previous = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, _Listener(requested, previous))
    try:
        yield requested
    finally:
        signal.signal(signal.SIGINT, previous)


@dataclass(frozen=True)
class _Listener:
    """Hears one Ctrl-C, passes it on to a listener around it, and steps back."""

    requested: threading.Event
    previous: Any

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        self.requested.set()
        signal.signal(signal.SIGINT, self.previous)
        if isinstance(self.previous, _Listener):
            self.previous(signum, frame)


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
