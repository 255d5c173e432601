"""A small chat box: what the reader types goes to a function, and its reply comes back.

Where no kernel runs, the conversation that the notebook began with stands on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from labkit.errors import ArgumentError
from labkit.viz.widget import WIDGET_MIME

__all__ = ["Chat", "chat"]


def chat(
    answer: Callable[[str], object],
    *,
    opening: Sequence[str],
    label: str = "Your question",
) -> Chat:
    """Let the reader talk to a function.

    Typing and the Enter key suffice; a screen reader reads replies as they come. Make it the last
    line of a cell tagged ``nbval-ignore-output``.

    Args:
        answer: from a message to a reply, of which ``str`` is shown.
        opening: messages that are asked at once: they are what a page without a kernel shows.
        label: of the field that the reader types in.

    Raises:
        ArgumentError: no opening message.

    Example:
        >>> talk = chat(str.upper, opening=["good morning"])
        >>> talk.say("thanks")
        'THANKS'
        >>> talk.transcript
        (('good morning', 'GOOD MORNING'), ('thanks', 'THANKS'))
    """
    return Chat(answer, opening, label)


class Chat:
    """A conversation so far; see :func:`chat`."""

    def __init__(self, answer: Callable[[str], object], opening: Sequence[str], label: str) -> None:
        if not opening:
            raise ArgumentError("opening", required="at least one message", got=list(opening))
        self._answer, self._label = answer, label
        self._said: list[tuple[str, str]] = []
        for message in opening:
            self.say(message)

    @property
    def transcript(self) -> tuple[tuple[str, str], ...]:
        """Messages and replies, the oldest first."""
        return tuple(self._said)

    def say(self, message: str) -> str:
        """Send a message, as the reader would, and get the reply.

        Raises:
            Exception: whatever the function raises.
        """
        reply = str(self._answer(message))
        self._said.append((message, reply))
        return reply

    def html(self) -> str:
        """The conversation as a description list; nothing that was typed is taken for HTML.

        Example:
            >>> "<dt>You: &lt;b&gt;</dt>" in chat(str.upper, opening=["<b>"]).html()
            True
        """
        lines = [
            f"<dt>You: {escape(message)}</dt><dd>{escape(reply)}</dd>"
            for message, reply in self._said
        ]
        return f'<div role="log" aria-live="polite"><dl>{"".join(lines)}</dl></div>'

    def text(self) -> str:
        """The conversation as plain text."""
        return "\n".join(f"You: {message}\n  {reply}" for message, reply in self._said)

    def widget(self) -> Any:
        """The conversation, a field to type in, and a button."""
        import ipywidgets

        log = ipywidgets.HTML(self.html())
        field = ipywidgets.Text(
            description=self._label,
            placeholder="Type, then press Enter",
            continuous_update=False,  # its value changes on Enter, or when the field is left
            style={"description_width": "initial"},
            layout={"width": "100%"},
        )
        button = ipywidgets.Button(description="Send", tooltip="Send what you typed")

        def send(_: Any) -> None:
            message = field.value
            if not message:
                return
            field.value = ""
            try:
                self.say(message)
            except Exception as error:  # a reader's message must not kill the widget
                self._said.append((message, f"{type(error).__name__}: {error}"))
            log.value = self.html()

        field.observe(send, "value")
        button.on_click(send)
        return ipywidgets.VBox([log, field, button])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget().model_id}
        return {WIDGET_MIME: view, "text/html": self.html(), "text/plain": self.text()}
