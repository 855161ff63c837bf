"""The part of the screen that shows one item: facts, guesses, tracks and a timeline."""

from collections.abc import Callable
from pathlib import Path

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import DataTable, Static
from textual.worker import get_current_worker

from genretag.domain.review import ReviewItem, ReviewTrack
from genretag.domain.timeline import Timeline
from genretag.errors import GenretagError
from genretag.pipeline.review import Review
from genretag.report.blocks import Pen
from genretag.report.review import (
    format_present,
    format_track,
    format_tracks,
    format_why,
    mark,
    render_guesses,
    render_timeline,
)
from genretag.report.text import visible

FindTimeline = Callable[[Path], Timeline]
"""Analyses a file window by window."""

_PAUSE_S = 0.3
"""The cursor rests so long on a track before its timeline is made."""


class Details(Vertical):
    """Shows an item and what is decided for its tracks.

    Args:
        review: knows what is decided.
        find_timeline: analyses a track for its timeline.
        pen: draws.
        note: what a person should know of all scores, if anything.
    """

    def __init__(
        self, review: Review, find_timeline: FindTimeline, pen: Pen, note: str = ""
    ) -> None:
        super().__init__(id="details")
        self._review = review
        self._find_timeline = find_timeline
        self._pen = pen
        self._note = note
        self._item: ReviewItem | None = None
        self._timelines: dict[Path, Text] = {}
        self._awaited: Path | None = None
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Yield its parts."""
        yield Static(id="facts")
        yield DataTable(id="tracks", cursor_type="row", show_header=False)
        yield Static(id="timeline")

    def on_mount(self) -> None:
        """Make the columns."""
        self.tracks.add_columns("", "Track", "Genre")

    @property
    def tracks(self) -> "DataTable[Text]":
        """The table of tracks."""
        return self.query_one("#tracks", DataTable)

    @property
    def track(self) -> ReviewTrack | None:
        """The track under the cursor, if the person is among the tracks."""
        row = self.tracks.cursor_row
        if self._item is None or not self.tracks.has_focus or row >= len(self._item.tracks):
            return None
        return self._item.tracks[row]

    def show(self, item: ReviewItem | None, scope: tuple[ReviewItem, ...]) -> None:
        """Show an item, or that there is none, and the items that the next decision is for."""
        self._item = item
        self._fill_tracks()
        if item is None:
            self._await_timeline(None)
            self.query_one("#facts", Static).update("Nothing is left here.")
            return
        self.show_facts(item, scope)
        self._await_timeline(item.tracks[0].path)

    def show_facts(self, item: ReviewItem, scope: tuple[ReviewItem, ...]) -> None:
        """Show what is known of an item, and what the next decision is for."""
        count = format_tracks(sum(len(one.tracks) for one in scope))
        of_artist = f"for all {count} by {visible(item.artist)}" if len(scope) > 1 else count
        facts = Text.assemble(
            (visible(item.name), "bold"),
            "\n",
            (of_artist, "reverse" if len(scope) > 1 else ""),
            f", {format_present(item)}\n{format_why(item)}\n",
            render_guesses(item, self._pen),
            f"\n{self._note}" if self._note else "",
        )
        self.query_one("#facts", Static).update(facts)

    def refresh_tracks(self) -> None:
        """Show what is decided for the tracks by now."""
        row = self.tracks.cursor_row
        self._fill_tracks()
        self.tracks.move_cursor(row=row)

    def _fill_tracks(self) -> None:
        # Cell by cell, Textual would measure the whole column for each.
        self.tracks.clear()
        self.tracks.add_rows(map(self._cells, self._item.tracks if self._item else ()))

    def _cells(self, track: ReviewTrack) -> tuple[Text, ...]:
        genres = self._review.find_genres(track.path)
        said = visible("; ".join(genres)) or format_track(track)
        cells = (mark(bool(genres), self._pen), visible(track.title), said)
        return tuple(Text(cell, "green" if genres else "") for cell in cells)

    @on(DataTable.RowHighlighted, "#tracks")
    def _show_track(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if track := self.track:
            self._await_timeline(track.path)

    def _await_timeline(self, path: Path | None) -> None:
        """Show the timeline of a track, once the cursor rests there; None shows none."""
        if self._pause:
            self._pause.stop()
        self._awaited = path
        self._show_timeline()
        if path and path not in self._timelines:
            self._pause = self.set_timer(_PAUSE_S, lambda: self._analyse(path) and None)

    @work(thread=True, exclusive=True)
    def _analyse(self, path: Path) -> None:
        worker = get_current_worker()
        try:
            timeline = self._find_timeline(path)
        except GenretagError as error:
            text = Text(visible(error.message))
        else:
            text = render_timeline(timeline, self.size.width - 2, self._pen)
        self._timelines[path] = text
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_timeline)

    def _show_timeline(self) -> None:
        """Show the timeline of the track that was asked for last, if it is there already."""
        text = self._timelines.get(self._awaited, "") if self._awaited else ""
        self.query_one("#timeline", Static).update(text)
