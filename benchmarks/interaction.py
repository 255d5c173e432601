"""Pictures per second while a slider moves: labkit's Explorer against ``ipywidgets.interact``.

    python -m benchmarks.interaction [roof] [wave] [images] [spheres] [--json FILE]

Measured where it counts: JupyterLab in a headless Chromium, a slider held down by keyboard (a key
press every 25 ms), each new picture noted at the frame in which the browser first has it decoded.
Both drive the same function in the same kernel, in turn. A light figure is swept once, over
settings never seen before. A heavy one is also swept there and back twice, as readers do who
compare: the Explorer keeps what it drew, ``interact`` draws again. And it is turned at a reader's
pace, one way, over new settings: the Explorer has drawn ahead what comes next.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import nbformat

from benchmarks._harness import Row, main

BROWSER_TESTS = Path(__file__).resolve().parents[1] / "tests" / "browser"
KEYS, KEY_EVERY_MS, ROUNDS = 40, 25, 3
#: A reader looks before turning on.
LOOKS, LOOK_MS = 8, 800
#: No picture for so long: the sweep is over. It does not count.
QUIET_MS = 1500

SETUP = """\
import ipywidgets, numpy as np
from IPython.display import display
from labkit import viz

def roof(intensity):
    window = ((0.125, 128.0), (1e9, 2e12))
    reached = min(100e9, 20e9 * intensity / 8)
    roof, kernel = {"roof": (100e9, 20e9)}, {"kernel": (intensity / 8, reached)}
    return viz.roofline(roof, kernel, window=window)

def wave(cycles):
    x = np.linspace(0, 1, 200)
    y = np.sin(2 * np.pi * cycles / 50 * x)
    return viz.lines(x, {"wave": y}, xlabel="t / s", ylabel="height / m", markers=False)

def images(key):
    noise = np.random.default_rng(key).uniform(0, 255, (16, 32, 32, 3))
    return viz.image_grid(noise, columns=8, value_range=(0, 255))

def spheres(angle):
    turn = np.radians(angle + 45 * np.arange(4))
    return viz.bloch_spheres(np.stack([np.sin(turn), 0 * turn, np.cos(turn)], axis=1))
"""
LIGHT, HEAVY = {"roof": "intensity", "wave": "cycles"}, {"images": "key", "spheres": "angle"}
OURS = 'viz.explore({name}, alt="A picture that follows a slider.", {knob}=(0, 999, 1))'
THEIRS = "ipywidgets.interact(lambda {knob}: display({name}({knob})), {knob}=(0, 999, 1));"

#: Note the time of each key press, and of each new picture under an element, once it is decoded.
WATCH = """element => {
  window.seen = [];
  window.pressed = [];
  window.noteKey ??= addEventListener('keydown', () => pressed.push(performance.now()), true) ?? 1;
  let last = element.querySelector('img')?.src;
  const look = () => {
    const image = element.querySelector('img');
    if (image && image.complete && image.naturalWidth && image.src !== last) {
      last = image.src;
      window.seen.push(performance.now());
    }
    window.watching = requestAnimationFrame(look);
  };
  cancelAnimationFrame(window.watching);
  look();
}"""


class Contender:
    """One cell's slider and picture."""

    def __init__(self, lab, cell: int) -> None:
        self.page = lab.page
        self.output = self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea").first
        self.slider = self.output.get_by_role("slider").first
        self.output.locator("img").first.wait_for()
        self.slider.scroll_into_view_if_needed()

    def sweep(self, *legs: str) -> float:
        """Pictures per second while each leg's key is held down in turn."""
        self.output.evaluate(WATCH)
        self.slider.focus()
        start = self.page.evaluate("performance.now()")
        for key in legs:
            for _ in range(KEYS):
                self.page.keyboard.press(key)
                self.page.wait_for_timeout(KEY_EVERY_MS)
        since = f"performance.now() - Math.max({start}, ...window.seen)"
        self.page.wait_for_function(f"{since} > {QUIET_MS}")
        seen = self.page.evaluate("window.seen")
        return 1000 * len(seen) / (seen[-1] - start)

    def wait(self) -> float:
        """Median milliseconds from a key press to its picture, pressed at a reader's pace."""
        waits = []
        for _ in range(LOOKS):
            self.output.evaluate(WATCH)
            self.slider.focus()
            self.page.keyboard.press("ArrowRight")
            self.page.wait_for_function("window.seen.length > 0")
            waits.append(self.page.evaluate("window.seen[0] - window.pressed[0]"))
            self.page.wait_for_timeout(LOOK_MS)
        return statistics.median(waits)


def rows(chosen: Collection[str]) -> Iterator[Row]:
    """Each figure in a notebook of its own, so that one kernel serves one pair."""
    sys.path.insert(0, str(BROWSER_TESTS))
    from lab_page import LabPage
    from lab_server import CHROMIUM, FLAGS, serve
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as place:
        for name, knob in {**LIGHT, **HEAVY}.items():
            _write(Path(place) / f"{name}.ipynb", name, knob)
        with serve(Path(place)) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            for name in filter(chosen.__contains__, LIGHT):
                with LabPage(browser, address, name) as lab:
                    yield _compared(lab, f"light figure ({name}), one way", 1.3, "ArrowRight")
            for name in filter(chosen.__contains__, HEAVY):
                with LabPage(browser, address, name) as lab:
                    yield _compared(lab, f"heavy figure ({name}), one way", 3.0, "ArrowRight")
                    there_and_back = ("ArrowRight", "ArrowLeft") * 2
                    yield _compared(
                        lab, f"heavy figure ({name}), there and back twice", 3.0, *there_and_back
                    )
                    yield _waited(lab, f"heavy figure ({name}), one way at a reader's pace: wait")
            browser.close()


def _write(path: Path, name: str, knob: str) -> None:
    sources = [SETUP, OURS.format(name=name, knob=knob), THEIRS.format(name=name, knob=knob)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, path)


def _waited(lab, what: str) -> Row:
    ours, theirs = Contender(lab, 1), Contender(lab, 2)
    pairs = [(ours.wait(), theirs.wait()) for _ in range(ROUNDS)]
    mine, others = (statistics.median(found) for found in zip(*pairs, strict=True))
    detail = {"Explorer ms": mine, "interact ms": others}
    return Row(what, "ipywidgets interact", others / mine, 3.0, detail=detail)


def _compared(lab, what: str, goal: float, *legs: str) -> Row:
    lab.run_all()
    ours, theirs = Contender(lab, 1), Contender(lab, 2)
    rates: dict[Contender, list[float]] = {ours: [], theirs: []}
    for _ in range(ROUNDS):  # each round begins where the last ended: new settings, one way
        for contender, found in rates.items():
            found.append(contender.sweep(*legs))
    mine, others = (statistics.median(found) for found in rates.values())
    detail = {"Explorer pictures/s": mine, "interact pictures/s": others}
    return Row(what, "ipywidgets interact", mine / others, goal, detail=detail)


if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if word in {**LIGHT, **HEAVY}]
    sys.argv = [word for word in sys.argv if word not in named]
    main(
        lambda: rows(named or [*LIGHT, *HEAVY]),
        title="Interaction: pictures per second in the browser",
        packages=("ipywidgets", "anywidget", "jupyterlab", "matplotlib"),
    )
