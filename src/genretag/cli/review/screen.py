"""The screen of a review, with Textual."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Static

from genretag.cli.review.answer import Answer
from genretag.cli.review.details import Details, FindTimeline
from genretag.cli.review.player import open_in_player
from genretag.domain.review import ReviewItem, matches, read_answer
from genretag.errors import RunError
from genretag.library import interrupt
from genretag.pipeline.review import Review
from genretag.report.blocks import Pen
from genretag.report.review import format_guess, format_tracks, mark
from genretag.report.text import visible

_WIDE = 110
"""Columns from which on the item stands beside the list."""

_POLL_S = 0.2
"""After so many seconds a signal ends the screen."""

_HELP = """\
1 2 3   take the guess of that number
g       type a genre, several with ; between; Tab completes it
k       keep the genres that the tracks have
a       make the next decision for all by this artist, or not
Tab     go to the tracks, to decide for one of them, and back
s       skip to the next one that is not decided
u       take the last decision back
p       play the track with the system's player
/       show only what has some words; nothing typed shows all
q       end: what will be written is shown, and you are asked

Each decision is kept at once. Nothing is written before the end.

Any key closes this."""


class ReviewApp(App[bool]):
    """Shows items and takes decisions; its result is whether to go on to writing them.

    Args:
        review: what to decide.
        names: genres that complete what a person types.
        find_timeline: analyses a track for its timeline.
        pen: draws.
        note: what a person should know of all scores, if anything.
    """

    CSS_PATH = "screen.tcss"
    TITLE = "genretag review"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "accept(1)", "take", key_display="1-3"),
        Binding("2", "accept(2)", show=False),
        Binding("3", "accept(3)", show=False),
        Binding("g", "type", "genre"),
        Binding("k", "keep", "keep"),
        Binding("a", "artist", "artist"),
        Binding("s", "skip", "skip"),
        Binding("u", "undo", "undo"),
        Binding("p", "play", "play"),
        Binding("slash", "filter", "filter", key_display="/"),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("q", "end", "end"),
        Binding("tab", "switch", show=False, priority=True),
        Binding("ctrl+c,ctrl+q", "leave", show=False, priority=True),
    ]

    def __init__(
        self,
        review: Review,
        names: Sequence[str],
        find_timeline: FindTimeline,
        pen: Pen,
        note: str = "",
    ) -> None:
        super().__init__(ansi_color=True)
        self._review = review
        self._names = names
        self._find_timeline = find_timeline
        self._pen = pen
        self._note = note
        self._shown = list(review.items)
        self._is_for_artist = False

    def compose(self) -> ComposeResult:
        """Yield the parts of the screen."""
        yield Static(id="progress")
        with Container(id="body"):
            yield DataTable(id="items", cursor_type="row")
            yield Details(self._review, self._find_timeline, self._pen, self._note)
        yield Answer()
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Fill the list, and go to the first that an earlier review has not decided."""
        self._items.add_columns("", "Tracks", "Genre", "Album or track")
        self._show_items()
        self._items.focus()
        if self._item and self._review.is_decided(self._item):
            self.action_skip()
        self.set_interval(_POLL_S, self._check_interrupt)

    def _check_interrupt(self) -> None:
        if interrupt.is_requested():
            self.action_leave()

    @property
    def _items(self) -> "DataTable[Text]":
        return self.query_one("#items", DataTable)

    @property
    def _details(self) -> Details:
        return self.query_one(Details)

    @property
    def _item(self) -> ReviewItem | None:
        row = self._items.cursor_row
        return self._shown[row] if 0 <= row < len(self._shown) else None

    @property
    def _scope(self) -> tuple[ReviewItem, ...]:
        """The items that the next decision is for."""
        if self._item is None:
            return ()
        return self._review.find_by_artist(self._item) if self._is_for_artist else (self._item,)

    def _show_items(self) -> None:
        self._items.clear()
        for item in self._shown:
            self._items.add_row(*self._cells(item))
        self._show_progress()
        self._show_item()

    def _cells(self, item: ReviewItem) -> tuple[Text, ...]:
        is_decided, genres = self._review.is_decided(item), self._review.find_common(item)
        said = "; ".join(genres) or ("several" if is_decided else format_guess(item))
        marked, count = mark(is_decided, self._pen), f"{len(item.tracks):>6}"
        cells = (marked, count, visible(said), visible(item.name))
        return tuple(Text(cell, "green" if is_decided else "") for cell in cells)

    def _show_progress(self) -> None:
        done = self._review.progress
        tracks = f"{done.decided_tracks} of {format_tracks(done.tracks)}"
        text = f"{self.TITLE}   {done.decided_items} of {done.items} decided, {tracks}"
        self.query_one("#progress", Static).update(Text(text))

    @on(DataTable.RowHighlighted, "#items")
    def _show_item(self) -> None:
        self._details.show(self._item, self._scope)

    def _refresh(self, paths: Iterable[Path]) -> int | None:
        """Show what is decided by now for some files; return the first row that has one of them."""
        changed = set(paths)
        rows = [n for n, one in enumerate(self._shown) if not changed.isdisjoint(one.paths)]
        for row in rows:  # all rows would take seconds in a large library
            for column, cell in enumerate(self._cells(self._shown[row])):
                self._items.update_cell_at((row, column), cell)  # type: ignore[arg-type]
        self._show_progress()
        self._details.refresh_tracks()
        if self._item:
            self._details.show_facts(self._item, self._scope)
        return next(iter(rows), None)

    def action_accept(self, number: int) -> None:
        """Take a guess."""
        self._decide(str(number))

    def action_type(self) -> None:
        """Ask for a genre."""
        self.query_one(Answer).open("genre", "A genre, or several with ; between", self._names)

    def action_filter(self) -> None:
        """Ask for words to filter by."""
        self.query_one(Answer).open("filter", "Words to look for; nothing shows all")

    @on(Answer.Given)
    def _take_answer(self, answer: Answer.Given) -> None:
        if answer.purpose == "genre":
            self._decide(answer.text)
        else:
            self._shown = [one for one in self._review.items if matches(one, answer.text)]
            self._show_items()

    def _decide(self, answer: str) -> None:
        if self._item is None:
            return
        try:
            genres = read_answer(self._item, answer)
        except ValueError as error:
            self.notify(f"Not understood: {error}.", severity="warning", markup=False)
            return
        track = self._details.track
        paths = [track.path] if track else [path for one in self._scope for path in one.paths]
        self._go_on(lambda: self._review.decide(paths, genres))

    def action_keep(self) -> None:
        """Decide for the genres that the tracks have."""
        if any(item.before for item in self._scope):
            self._go_on(lambda: self._review.keep(self._scope))
        else:
            self.notify("There is no genre to keep.", severity="warning")

    def _carry_out(self, step: Callable[[], tuple[Path, ...]]) -> tuple[Path, ...] | None:
        """Return the files of a step; None, once the person knows, if it cannot be kept."""
        try:
            return step()
        except RunError as error:
            text = f"Not kept: {error.message}. {error.hint}"
            self.notify(visible(text), severity="error", markup=False)
            return None

    def _go_on(self, step: Callable[[], tuple[Path, ...]]) -> None:
        """Carry out a step, show what was decided, and go to what is next."""
        was_for_track = self._details.track is not None
        paths = self._carry_out(step)
        if paths is None:
            return
        self._is_for_artist = False
        self._refresh(paths)
        if was_for_track and self._item and not self._review.is_decided(self._item):
            self._details.tracks.action_cursor_down()
        else:
            self._items.focus()
            self.action_skip()

    def action_skip(self) -> None:
        """Go to the next item that is not decided, from the start after the last."""
        row, count = self._items.cursor_row, len(self._shown)
        order = (*range(row + 1, count), *range(min(row + 1, count)))
        left = (n for n in order if not self._review.is_decided(self._shown[n]))
        if (following := next(left, None)) is None:
            self.notify("All that is shown is decided. Press q to end.")
        else:
            self._items.move_cursor(row=following)

    def action_undo(self) -> None:
        """Take the last decision back, and go there."""
        paths = self._carry_out(self._review.undo)
        if paths is None:
            return
        if not paths:
            self.notify("There is nothing to take back.")
        elif (row := self._refresh(paths)) is not None:
            self._items.move_cursor(row=row)

    def action_artist(self) -> None:
        """Let the next decision be for all by the artist, or no longer."""
        self._is_for_artist = not self._is_for_artist
        if self._item:
            if self._is_for_artist and len(self._scope) == 1:
                self.notify("There is nothing else by this artist.")
            self._details.show_facts(self._item, self._scope)

    def action_switch(self) -> None:
        """Go to the tracks, and back; where a person types, complete what is there."""
        tracks, answer = self._details.tracks, self.query_one(Answer)
        if answer.has_focus:
            answer.action_cursor_right()
        elif not isinstance(self.screen, Help):
            (self._items if tracks.has_focus else tracks).focus()

    def action_play(self) -> None:
        """Open a track in the system's player."""
        if self._item:
            path = (self._details.track or self._item.tracks[0]).path
            if not open_in_player(path):
                text = f"No player opened {visible(str(path))}"
                self.notify(text, severity="warning", markup=False)

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Help())

    def action_end(self) -> None:
        """End, and go on to writing."""
        self.exit(True)

    def action_leave(self) -> None:
        """End at once; what is decided is kept."""
        self.exit(False)


class Help(ModalScreen[None]):
    """Shows the keys."""

    def compose(self) -> ComposeResult:
        """Yield the text."""
        yield Static(_HELP, id="help", markup=False)

    def on_key(self) -> None:
        """Close it, once: keys that were pressed too fast may still come here."""
        if self.is_active:
            self.dismiss()
