from __future__ import annotations

import IPython.display
import numpy as np
import pytest

from labkit import viz
from labkit.train import EpochRecord, History
from labkit.viz import live


class Handle:
    """Stands for IPython's display handle: what was shown in its place."""

    def __init__(self) -> None:
        self.updates: list = []

    def update(self, picture: object) -> None:
        self.updates.append(picture)


def test_one_picture_is_shown_and_then_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    handle, shown = Handle(), []

    def display(picture: object, *, display_id: bool) -> Handle:
        shown.append((picture, display_id))
        return handle

    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(live, "_in_notebook", lambda: True)
    watch = viz.live_curves()
    watch(History())
    assert not shown
    for steps in (1, 2, 3):
        watch(History((), np.ones(steps, np.float32)))
    assert len(shown) == 1
    assert shown[0][1] is True
    assert [picture.alt[:45] for picture in handle.updates] == [
        "Learning curves while training: 0 epochs, 2 s",
        "Learning curves while training: 0 epochs, 3 s",
    ]


def test_in_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    viz.live_curves()(History((), np.ones(3, np.float32)))
    assert capsys.readouterr() == ("", "")


def test_every_score_has_its_panel_and_its_held_out_line() -> None:
    record = EpochRecord(1, 0.1, {"loss": 0.5, "accuracy": 0.8}, {"loss": 0.6, "accuracy": 0.7})
    figure = viz.history_curves(History((record,), np.ones(4, np.float32)))
    assert [panel.get_ylabel() for panel in figure.axes] == ["loss / nat", "accuracy"]
    assert [len(panel.lines) for panel in figure.axes] == [2, 2]
