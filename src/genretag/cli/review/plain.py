"""Asks line by line for a person's decisions: for screen readers, pipes and simple terminals."""

import sys
from collections.abc import Callable, Iterable

from genretag.domain.genre import Names
from genretag.domain.review import ReviewItem, read_answer
from genretag.library.interrupt import immediate
from genretag.pipeline.review import Review
from genretag.report.review import (
    format_no_guess,
    format_present,
    format_track,
    format_tracks,
    format_why,
)
from genretag.report.text import format_percent, visible

HELP = """\
  1, 2 or 3   take the guess of that number
  a name      give that genre; several with ; between
  =           keep the genres that the tracks have
  * and one of these, as in * 1 or * Jazz: the same for all by this artist
  t           decide track by track
  Enter       skip this one
  u           take the last decision back
  q           end, and go on to what will be written
"""
PROMPT = "Genre (1-3, a name, Enter to skip, ? for help): "
ALL_DECIDED = "All is decided already (u takes the last decision back, Enter goes on): "


class EndOfReviewError(Exception):
    """The person wants to end."""


def review_plainly(
    review: Review, ask: Callable[[str], str | None] | None = None, note: str = ""
) -> None:
    """Go through all items that are not decided.

    What an earlier review decided can be taken back too, also where nothing else is left.

    Args:
        review: what to decide.
        ask: asks a question and returns the answer; None at the end of input.
        note: what a person should know of all scores, if anything.
    """
    lines = _Lines(review, ask or ask_line)
    if note:
        lines.say(note)
    position = 0 if lines.has_work() else len(review.items)
    try:
        while position < len(review.items):
            is_decided = review.is_decided(review.items[position])
            position = position + 1 if is_decided else lines.ask_for(position)
    except EndOfReviewError:
        pass
    done = review.progress
    lines.say(f"{done.decided_tracks} of {format_tracks(done.tracks)} are decided.")


def ask_line(question: str) -> str | None:
    """Ask on standard error and read a line of standard input; None at its end."""
    sys.stderr.write(question)
    sys.stderr.flush()
    with immediate():
        answer = sys.stdin.readline()
    return answer.strip() if answer else None


class _Lines:
    def __init__(self, review: Review, ask: Callable[[str], str | None]) -> None:
        self._review = review
        self._ask = ask

    @staticmethod
    def say(text: str) -> None:
        """Show a line or several."""
        print(text, file=sys.stderr)  # noqa: T201

    def has_work(self) -> bool:
        """Tell whether something is to be asked; a decision may be taken back for that."""
        items = self._review.items
        while items and all(map(self._review.is_decided, items)):
            if self._ask(ALL_DECIDED) != "u":
                return False
            self._undo(0)
        return bool(items)

    def ask_for(self, position: int) -> int:
        """Ask for the item at a position until an answer makes sense; return the next position."""
        item = self._review.items[position]
        self.say(f"\n{position + 1} of {len(self._review.items)}: {self._describe(item)}")
        while True:
            answer = self._ask(PROMPT)
            if answer is None or answer == "q":
                raise EndOfReviewError
            if answer == "?":
                self.say(HELP)
            elif answer == "u":
                return self._undo(position)
            elif answer == "t" and len(item.tracks) > 1:
                self._ask_for_tracks(item)
                return position + 1
            elif not answer or self._decide(item, answer):
                return position + 1

    def _undo(self, position: int) -> int:
        """Take the last decision back; return the position of its item."""
        paths = self._review.undo()
        if not paths:
            self.say("There is nothing to take back.")
        items = enumerate(self._review.items)
        places = (n for n, one in items if not {*one.paths}.isdisjoint(paths))
        return next(places, position)

    def _describe(self, item: ReviewItem) -> str:
        name = f"{item.kind} {visible(item.name)}, {format_tracks(len(item.tracks))}"
        guesses = (
            f"{number} {visible(one.name)} {format_percent(one.score).strip()}"
            for number, one in enumerate(item.guesses, start=1)
        )
        facts = f"{format_present(item)}; {format_why(item)}"
        return f"{name}\n{facts}\n{', '.join(guesses) or format_no_guess(item)}"

    def _ask_for_tracks(self, item: ReviewItem) -> None:
        for track in item.tracks:
            answer = self._ask(f"  {visible(track.title)} ({format_track(track)}): ")
            if answer is None or answer == "q":
                raise EndOfReviewError
            if answer and (genres := self._read(item, answer)):
                self._review.decide([track.path], genres)

    def _decide(self, item: ReviewItem, answer: str) -> bool:
        """Carry an answer out; say why if it makes no sense."""
        if answer == "=":
            if not item.before:
                self.say("Not understood: there is no genre to keep.")
            else:
                self._review.keep([item])
            return bool(item.before)
        items: Iterable[ReviewItem] = [item]
        if answer.startswith("*"):
            items, answer = self._review.find_by_artist(item), answer[1:].strip()
        genres = self._read(item, answer)
        if genres:
            self._review.decide([path for one in items for path in one.paths], genres)
        return bool(genres)

    def _read(self, item: ReviewItem, answer: str) -> Names:
        """Return the genres that an answer means; none, and say why, if it makes no sense."""
        try:
            return read_answer(item, answer)
        except ValueError as error:
            self.say(f"Not understood: {error}.")
            return ()
