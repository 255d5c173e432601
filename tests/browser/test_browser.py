"""JupyterLab in a real browser: what a reader does, in every notebook, by keyboard.

A notebook is covered by lying in ``notebooks/``: 00 always, the others with ``LABKIT_BROWSER=all``
(``make test-browser``).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from lab_page import LabPage

# One worker for all: they share a server and a browser, and take the machine in turns.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("[!_]*.ipynb"))
FIRST, *OTHERS = NOTEBOOKS
ALL = os.environ.get("LABKIT_BROWSER") == "all"
ANSWERS = ROOT / "tests" / "teach" / "answers"


@pytest.fixture(scope="module")
def start_here(browser, lab_address):
    """Notebook 00, opened and run from top to bottom."""
    with LabPage(browser, lab_address, FIRST) as lab:
        lab.run_all()
        yield lab


def check_what_is_seen(lab: LabPage) -> None:
    """No error, no blank widget, no picture without words; a picture of it all is kept."""
    lab.screenshot_whole()
    assert lab.errors() == []
    assert lab.broken_widgets() == []
    assert lab.broken_pictures() == []


def turn_every_explorer(lab: LabPage) -> None:
    """A control moved by keyboard changes picture and words; moved back, it restores them."""
    from playwright.sync_api import expect

    for explorer in lab.explorers():
        picture, words = explorer.locator("img"), explorer.get_by_role("status")
        control = explorer.get_by_role("slider").first
        before, said = picture.get_attribute("src"), words.inner_text()
        there, back = ("ArrowRight", "ArrowLeft")
        if control.input_value() == control.get_attribute("max"):
            there, back = back, there
        control.focus()
        control.press(there)
        expect(picture).not_to_have_attribute("src", before)
        expect(explorer).to_have_attribute("aria-busy", "false")
        assert picture.get_attribute("alt") == words.inner_text()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
        control.press(back)
        expect(picture).to_have_attribute("src", before)
        expect(words).to_have_text(said)


def answer_an_exercise(lab: LabPage) -> None:
    """The notebook's first exercise is answered wrongly, then rightly."""
    lab.find_cell(".check(None)")
    task = re.search(r"(\w+)\.check\(None\)", lab.source()).group(1)
    planted = (
        "from pathlib import Path; from runpy import run_path\n"
        f"files = [run_path(str(path)) for path in Path({str(ANSWERS)!r}).glob('*.py')]\n"
        "kinds = ('WRONG', 'RIGHT')\n"
        "answers = {k: {n: a for f in files for n, a in f[k].items()} for k in kinds}\n"
    )
    check = f"{task}.check(answers[{{kind!r}}][{task}.name][0])"
    assert "Not yet." in lab.run_cell(planted + check.format(kind="WRONG"))
    assert "Right." in lab.run_cell(check.format(kind="RIGHT"))


def test_notebook_00_shows_all_it_has(start_here):
    check_what_is_seen(start_here)
    assert len(start_here.explorers()) == 1


def test_a_slider_moved_by_keyboard_changes_the_picture(start_here):
    turn_every_explorer(start_here)
    start_here.screenshot(f"{FIRST}-slider")


def test_an_exercise_is_answered_wrongly_and_rightly(start_here):
    start_here.find_cell("ridge_point.check(")
    assert "not answered yet" in start_here.run_cell("ridge_point.check(None)")
    assert "operations per byte" in start_here.run_cell("ridge_point.check(20 / 100)")
    assert "Right." in start_here.run_cell("ridge_point.check(100 / 20)")
    start_here.screenshot(f"{FIRST}-exercise")


def test_a_prediction_is_committed_once_and_scored(start_here):
    start_here.find_cell("guess_factor = None")
    source = start_here.source()
    wrong, right = (source.replace("= None", f"= {guess}", 1) for guess in ("1e9", "2048"))
    assert "too high" in start_here.run_cell(wrong)
    assert "first guess is the one that counts" in start_here.run_cell(right)
    assert "0 of 1 predictions right" in start_here.run_cell("teach.score()")


def test_a_cell_is_interrupted_and_the_notebook_goes_on(start_here):
    start_here.find_cell("limit_of_add.check(")
    start_here.start_cell("import time; print('be' + 'gun', flush=True); time.sleep(1000)")
    start_here.wait_until_shown("text => text.includes('begun')")
    start_here.run_command("notebook:interrupt-kernel")
    assert "KeyboardInterrupt" in start_here.finished()
    assert "Right." in start_here.run_cell('limit_of_add.check("memory")')


LONG_TRAINING = """\
import numpy as np
from flax import nnx
from labkit import models, train
x = np.random.default_rng(0).normal(size=(4096, 2)).astype("float32")
model = models.MLP(models.MLPConfig((2,), (8,), 2), rngs=nnx.Rngs(0))
told = dict(epochs=10**5, checkpoint_dir="half", resume=True)
result = train.fit(model, x, (x[:, 0] > 0).astype(int), **told)
print(result.ended, len(result.history.epochs))
"""


STEPS_PER_EPOCH = 4096 // 64
#: The number of steps in the newest progress line, if it tells the time left.
STEPS_DONE = (
    r"Math.max(0, ...[...text.matchAll(/(\d+)\/\d+ \[[\d:]+<[\d:]+/g)].map(found => found[1]))"
)


def test_a_training_run_shows_its_time_left_is_interrupted_and_continued(start_here):
    start_here.find_cell("attainable.check(")
    epochs = [0]
    for _ in range(2):
        start_here.start_cell(LONG_TRAINING)
        more = (epochs[-1] + 2) * STEPS_PER_EPOCH
        start_here.wait_until_shown(f"text => {STEPS_DONE} >= {more}")
        start_here.run_command("notebook:interrupt-kernel")
        epochs += map(int, re.findall(r"interrupted (\d+)", start_here.finished()))
    _, first, second = epochs
    assert 0 < first < second


#: It waits for a file: so the test knows what is drawn when.
HEAVY_FUNCTION = """\
import time; from pathlib import Path
drawn = []
def patient(size):
    while size > 1 and not Path("go").exists():
        time.sleep(0.02)
    drawn.append(size)
    return viz.lines([0, 1], {"y": [0, size]}, xlabel="x / s", ylabel="y / m")
viz.explore(patient, alt=lambda size: f"A line that rises to {size}.", size=(1, 9, 1))
"""


def test_a_heavy_function_shows_that_it_is_busy_and_drops_what_is_stale(start_here, lab_folder):
    from playwright.sync_api import expect

    start_here.find_cell("guess_gbps")
    start_here.run_cell(HEAVY_FUNCTION)
    named = start_here.page.get_by_role("group", name="Turn size")
    slider, words = named.get_by_role("slider"), named.get_by_role("status")
    picture = named.locator("img")
    expect(picture).to_have_attribute("alt", "A line that rises to 1.")
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
    expect(named).to_have_attribute("aria-busy", "true")
    expect(words).to_have_text("computing …")
    start_here.screenshot(f"{FIRST}-busy")
    (lab_folder / "go").touch()
    expect(picture).to_have_attribute("alt", "A line that rises to 5.")
    expect(named).to_have_attribute("aria-busy", "false")
    # 4 was over before its turn; what is asked ahead comes after. 3 and 5 may change places:
    # JupyterLab asks the first questions on another thread of the kernel than the later ones.
    assert "[1, 2, 3, 5]" in start_here.run_cell("print(sorted(drawn[:4]))")


@pytest.mark.skipif(not ALL, reason="LABKIT_BROWSER is not all: make test-browser")
@pytest.mark.parametrize("name", OTHERS)
def test_every_notebook_runs_moves_and_judges(name, browser, lab_address):
    with LabPage(browser, lab_address, name) as lab:
        lab.run_all()
        check_what_is_seen(lab)
        turn_every_explorer(lab)
        answer_an_exercise(lab)
