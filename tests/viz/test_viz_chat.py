"""The chat box, driven as a reader drives it, and what stands on a page without a kernel."""

from __future__ import annotations

import pytest

from labkit import viz
from labkit.errors import ArgumentError


def parts(talk: viz.Chat):
    log, field, button = talk.widget().children
    return log, field, button


def test_enter_sends_what_was_typed_and_clears_the_field() -> None:
    talk = viz.chat(lambda text: f"heard {text}", opening=["hello"])
    log, field, _ = parts(talk)
    field.value = "lost card"  # what the Enter key does to a field that does not update while typed
    assert field.value == ""
    assert talk.transcript[-1] == ("lost card", "heard lost card")
    assert "<dd>heard lost card</dd>" in log.value


def test_the_button_sends_nothing_where_nothing_was_typed() -> None:
    talk = viz.chat(str.upper, opening=["hello"])
    _, _, button = parts(talk)
    button.click()
    assert len(talk.transcript) == 1


def test_what_is_typed_is_never_taken_for_html() -> None:
    talk = viz.chat(lambda text: text, opening=["<script>alert(1)</script> & more"])
    assert "<script>" not in talk.html()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in talk.html()


def test_a_function_that_fails_says_so_and_the_chat_goes_on() -> None:
    def answer(text: str) -> str:
        if text == "bad":
            raise ValueError("no such thing")
        return text

    talk = viz.chat(answer, opening=["good"])
    log, field, _ = parts(talk)
    field.value = "bad"
    assert "ValueError: no such thing" in log.value
    field.value = "fine"
    assert talk.transcript[-1] == ("fine", "fine")


def test_a_page_without_a_kernel_has_the_conversation_in_words() -> None:
    bundle = viz.chat(str.upper, opening=["one", "two"])._repr_mimebundle_()
    assert bundle["text/plain"] == "You: one\n  ONE\nYou: two\n  TWO"
    assert 'role="log"' in bundle["text/html"]
    assert viz.chat(str.upper, opening=["one"]).html().count("<dt>") == 1


def test_a_chat_begins_with_a_message() -> None:
    with pytest.raises(ArgumentError, match="at least one message"):
        viz.chat(str.upper, opening=[])
