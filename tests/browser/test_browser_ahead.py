"""What the Explorer's page side asks, and when: a kernel that answers as the test says."""

from __future__ import annotations

import pytest

from labkit.viz.widget import web_file

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: A slider from 0 to 9 that begins at 3; a question waits in ``open`` until ``answer`` is called.
KERNEL = """
window.asked = [];
window.open = new Map();
const texts = [...Array(10).keys()].map(String);
const frame = (at) => ({ src: `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>#${at}`,
  alt: `picture ${at}` });
labkitExplorer(document.getElementById("here"), {
  controls: [{ label: "x", kind: "slider", texts, start: 3 }],
  label: "Turn x",
  first: frame(3),
  ahead: 3,
  draw: ([at], _, early) => {
    asked.push(early ? `${at} ahead` : `${at}`);
    return new Promise((done, fail) => open.set(at, { done: () => done(frame(at)), fail }));
  },
});
"""


class Slider:
    """The page, its slider, and what the kernel was asked."""

    def __init__(self, page) -> None:
        self.page = page
        self.slider, self.words = page.get_by_role("slider"), page.get_by_role("status")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.slider.press(key)

    def answer(self, at: int) -> None:
        self.page.evaluate(f"async () => {{ await open.get({at}).done() }}")

    def refuse(self, at: int) -> None:
        self.page.evaluate(f"async () => {{ await open.get({at}).fail(new Error('no {at}')) }}")

    def asked(self) -> list[str]:
        return self.page.evaluate("window.asked")


@pytest.fixture
def slider(browser):
    page = browser.new_page()
    page.clock.install()  # no time passes: every answer is a quick one
    page.set_content("<div id='here'></div>")
    page.add_script_tag(content=web_file("explorer.js") + KERNEL)
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    yield Slider(page)
    page.close()


def test_nothing_is_asked_before_the_reader_turns(slider):
    assert slider.asked() == []


def test_a_kernel_at_rest_is_asked_on_along_the_readers_move(slider):
    slider.press("ArrowRight")
    slider.answer(4)
    for at in (5, 6, 7):
        slider.answer(at)
    assert slider.asked() == ["4", "5 ahead", "6 ahead", "7 ahead"]
    assert slider.words.inner_text() == "picture 4"  # what is asked ahead is not shown
    slider.press("ArrowRight")  # at hand already
    assert slider.words.inner_text() == "picture 5"
    assert slider.asked() == ["4", "5 ahead", "6 ahead", "7 ahead", "8 ahead"]


def test_nothing_is_asked_beyond_the_end_of_the_slider(slider):
    slider.press("ArrowLeft")
    for at in (2, 1, 0):
        slider.answer(at)
    assert slider.asked() == ["2", "1 ahead", "0 ahead"]


def test_a_turn_goes_before_what_was_to_be_asked_ahead(slider):
    slider.press("ArrowRight")
    slider.answer(4)  # now 5 is asked ahead
    slider.press("End")
    slider.answer(5)
    assert slider.asked()[:3] == ["4", "5 ahead", "9"]
    slider.answer(9)
    assert slider.words.inner_text() == "picture 9"


def test_a_setting_on_its_way_ahead_is_shown_when_the_reader_comes_to_it(slider):
    slider.press("ArrowRight")
    slider.answer(4)
    slider.press("ArrowRight")  # 5 is on its way
    slider.answer(5)
    assert slider.words.inner_text() == "picture 5"


def test_what_fails_ahead_is_told_only_when_its_turn_comes(slider):
    slider.press("ArrowRight")
    slider.answer(4)
    slider.refuse(5)
    assert slider.asked() == ["4", "5 ahead"]
    assert slider.words.inner_text() == "picture 4"
    slider.press("ArrowRight")
    slider.refuse(5)
    assert slider.words.inner_text() == "no 5"
