"""The Explorer: what it answers, what it stores for pages without a kernel, what it refuses."""

from __future__ import annotations

import base64
import io
import pkgutil
import threading
import time
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labkit import viz
from labkit.errors import ArgumentError
from labkit.viz.controls import control
from labkit.viz.widget import live_widget

ROOT = Path(__file__).resolve().parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"


def line(slope, curve="linear", dashed=False):
    power = 2 if curve == "square" else 1
    return viz.lines([0, 1], {"y": [0, slope**power]}, xlabel="x / s", ylabel="y / m")


def explorer(fn=line, **kwargs):
    words = lambda slope, **_: f"A line of slope {slope} from the origin."  # noqa: E731
    controls = {"slope": (1, 9, 3), "curve": ["linear", "square"], "dashed": False}
    return viz.explore(fn, alt=words, **controls, **kwargs)


def pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


class Wire:
    """A widget's kernel side, without a browser: what is asked and what is sent back."""

    def __init__(self, shown):
        looks = [one.look() for one in shown.controls]
        self.widget = live_widget(shown._turned, controls=looks, label="Turn", first=shown.picture)
        self.sent = []
        self.widget.send = lambda content, buffers=(): self.sent.append((content, list(buffers)))

    def ask(self, *setting):
        self.widget._handle_custom_msg({"id": "a-1", "setting": list(setting)}, [])
        return self.sent[-1]


def test_a_setting_asked_by_the_page_is_answered_by_picture_and_words():
    shown = explorer()
    answer, (png,) = Wire(shown).ask(4, 1, 0)
    assert answer == {"id": "a-1", "alt": "A line of slope 5 from the origin."}
    assert (pixels(png) == pixels(viz.png_bytes(line(5, "square")))).all()
    assert shown.values == {"slope": 5, "curve": "square", "dashed": False}


def test_turning_from_python_is_the_same_as_turning_in_the_page():
    shown = explorer()
    assert shown.turn(slope=5, curve="square").png == Wire(shown).ask(4, 1, 0)[1][0]
    assert shown.picture.alt == "A line of slope 5 from the origin."
    with pytest.raises(ArgumentError, match="slope must be one of"):
        shown.turn(slope=77)
    with pytest.raises(ArgumentError, match="one of slope, curve, dashed"):
        shown.turn(depth=1)


def test_a_setting_is_drawn_once_and_one_that_fails_says_so():
    drawn = []

    def touchy(slope, **_):
        drawn.append(slope)
        if slope == 4:
            raise ValueError("four is too much")
        return line(slope)

    wire = Wire(explorer(touchy))
    assert wire.ask(3, 0, 0)[0] == {"id": "a-1", "error": "ValueError: four is too much"}
    assert wire.ask(4, 0, 0)[0]["alt"] == "A line of slope 5 from the origin."
    wire.ask(2, 0, 0)
    assert drawn == [3, 4, 5]  # the first picture was kept


def test_a_setting_asked_ahead_is_answered_and_is_not_yet_the_readers():
    shown = explorer()
    wire = Wire(shown)
    wire.widget._handle_custom_msg({"id": "a-2", "setting": [5, 0, 0], "ahead": True}, [])
    assert wire.sent[-1][0] == {"id": "a-2", "alt": "A line of slope 6 from the origin."}
    assert shown.values["slope"] == 3


def test_one_picture_is_drawn_at_a_time_whichever_threads_ask():
    inside = []

    def alone(slope, **_):
        inside.append(slope)
        time.sleep(0.05)
        together, inside[:] = len(inside), inside[1:]
        if together > 1:
            raise RuntimeError("another picture is being drawn")
        return line(slope)

    wire = Wire(explorer(alone))
    askers = [threading.Thread(target=wire.ask, args=(at, 0, 0)) for at in (4, 5, 6)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert sorted(answer["alt"][16:17] for answer, _ in wire.sent) == ["5", "6", "7"]


def test_the_page_is_told_controls_and_the_first_picture():
    widget = Wire(explorer()).widget
    assert widget.controls[0]["texts"] == [str(slope) for slope in range(1, 10)]
    assert [one["start"] for one in widget.controls] == [2, 0, 0]
    assert [one["kind"] for one in widget.controls] == ["slider", "menu", "tick"]
    assert all(one["label"] for one in widget.controls)
    assert (pixels(widget.png) == pixels(viz.png_bytes(line(3)))).all()


def test_where_widgets_do_not_run_there_are_a_picture_and_a_table():
    data, metadata = explorer()._repr_mimebundle_()
    assert WIDGET in data
    stored = pixels(base64.b64decode(data["image/png"]))
    assert (stored == pixels(viz.png_bytes(line(3)))).all()
    assert metadata["image/png"]["alt"] == "A line of slope 3 from the origin."
    rows = data[viz.EXPLORER_MIME]["rows"]
    assert ["slope 9, curve linear, dashed no", "A line of slope 9 from the origin."] in rows
    assert len(rows) == 5  # the start, both ends of the slider, the other entry, the tick
    assert "frames" not in data[viz.EXPLORER_MIME]


def test_stored_frames_move_each_control_with_the_others_at_their_start():
    stored = explorer(frames=12)._repr_mimebundle_()[0][viz.EXPLORER_MIME]
    texts = [one["texts"] for one in stored["controls"]]
    assert texts == [["1", "3", "6", "9"], ["linear", "square"], ["no", "yes"]]
    assert set(stored["frames"]) == {"0,0,0", "2,0,0", "3,0,0", "1,1,0", "1,0,1"}
    frame = stored["frames"]["3,0,0"]
    assert frame["alt"] == "A line of slope 9 from the origin."
    small, large = base64.b64decode(frame["png"]), viz.png_bytes(line(9))
    assert len(small) < len(large) / 2
    assert np.abs(pixels(small) - pixels(large)).mean() < 1


@given(
    last=st.integers(1, 300),
    most=st.integers(0, 40),
    data=st.data(),
)
def test_a_thinned_slider_keeps_both_ends_and_its_start(last, most, data):
    start = data.draw(st.integers(0, last))
    full = control("x", (0, last, start))
    few = full.thinned(most)
    assert few.values[few.start] == start
    assert len(few.values) <= max(most, 2)
    assert list(few.values) == sorted(set(few.values))
    if most > 2 or start in (0, last):
        assert {0, last} <= set(few.values)


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        ((0, 4, 2), (0, 1, 2, 3, 4)),
        ((5, 200, 20, 65), (5, 20, 70, 135, 200)),
        ((0.0, 0.3, 0.1, 0.1), (0.0, 0.1, 0.2, 0.3)),
        ((np.int64(1), 3, 2), (1, 2, 3)),
        ({"half": 0.5, "full": 1.0}, (0.5, 1.0)),
        (True, (False, True)),
    ],
)
def test_controls_take_the_values_they_say(spec, values):
    assert control("x", spec).values == values


@pytest.mark.parametrize("spec", [(1, 2), (5, 1, 3), "text", [], {}, None, (1, 1, 1), (0, 9, 3, 0)])
def test_a_control_that_is_none_of_the_kinds_is_refused(spec):
    with pytest.raises(ArgumentError, match="slope must be"):
        viz.explore(line, alt="A line through the origin.", slope=spec)


def test_a_slider_with_more_stops_than_anyone_tells_apart_is_refused():
    with pytest.raises(ArgumentError, match="Give a larger step"):
        viz.explore(line, alt="A line through the origin.", slope=(0, 10**9, 3))
    with pytest.raises(ArgumentError, match="controls must be at least one"):
        viz.explore(line, alt="A line through the origin.")


def notebook_of(shown):
    data, metadata = shown._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])])


@pytest.mark.parametrize("frames", [0, 12])
def test_on_a_page_every_picture_has_its_words_and_only_frames_bring_a_script(frames):
    stored = notebook_of(explorer(frames=frames))
    html = viz.with_html(stored).cells[0].outputs[0].data["text/html"]
    assert 'alt="A line of slope 3 from the origin."' in html
    assert html.count("<tr>") == 6
    assert ("<script>" in html) == bool(frames)
    assert "http" not in html.replace("http://www.w3.org", "")
    assert "text/html" not in stored.cells[0].outputs[0].data  # the notebook itself is not changed


def test_a_page_carries_the_code_once_and_words_cannot_break_out():
    evil = "A line </script><script>alert(1)</script> of slope one."
    one = viz.explore(line, alt=evil, frames=4, slope=(1, 3, 2))
    book = notebook_of(one)
    book.cells += notebook_of(one).cells
    html = [c.outputs[0].data["text/html"] for c in viz.with_html(book).cells]
    assert [text.count("function labkitExplorer") for text in html] == [1, 0]
    assert all(text.count("</script>") == 1 for text in html)


def test_jupyterlab_finds_the_extension_where_pip_puts_it():
    from jupyterlab_server.config import get_federated_extensions

    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    ((here, there),) = told["targets"]["wheel"]["shared-data"].items()
    assert there == "share/jupyter/labextensions/labkit"
    found = get_federated_extensions([str((ROOT / here).parent)])["labkit"]["jupyterlab"]["_build"]
    assert found["mimeExtension"]
    assert (ROOT / here / found["load"]).is_file()


def test_nbconvert_makes_pages_with_words_by_the_exporter_that_the_project_names():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    exporter = pkgutil.resolve_name(told["nbconvert.exporters"]["labkit"])
    html, _ = exporter().from_notebook_node(notebook_of(explorer(frames=4)))
    assert 'alt="A line of slope 3 from the origin."' in html
    assert "function labkitExplorer" in html
