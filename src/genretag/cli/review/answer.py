"""The line in which a person types a genre, or words to filter by."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input


class Answer(Input):
    """A line that is there only while it is typed in; it completes names of genres."""

    BINDINGS = [  # noqa: RUF012
        Binding("enter", "submit", "take"),
        Binding("escape", "close", "back"),
    ]

    @dataclass
    class Given(Message):
        """The person has typed a text for a purpose."""

        purpose: str
        text: str

    def __init__(self) -> None:
        super().__init__(id="answer")
        self.display = False
        self._purpose = ""
        self._before: Widget | None = None

    def open(self, purpose: str, placeholder: str, names: Sequence[str] = ()) -> None:
        """Let the person type; `names` complete it."""
        self._purpose, self.placeholder, self.value = purpose, placeholder, ""
        self.suggester = SuggestFromList(names, case_sensitive=False)
        self._before = self.app.focused
        self.display = True
        self.focus()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Return whether a key is typed, so that the footer hides what else it does."""
        # Textual does not know the character of this key.
        return key == "slash" or super().check_consume_key(key, character)

    def action_close(self) -> None:
        """Close it; nothing was typed."""
        self._close()

    async def action_submit(self) -> None:
        """Close it, and tell what was typed."""
        self._close()
        self.post_message(self.Given(self._purpose, self.value.strip()))

    def _close(self) -> None:
        self.display = False
        if self._before:
            self._before.focus()
