"""The screen of a review: its keys, what it shows, and what it keeps."""

import asyncio
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_model
from test_albums import MIXED, album
from test_terminal import Terminal, fcntl, termios
from toy_model import MANIFEST, POOLING

from genretag import read_genres
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.review import ReviewItem, ReviewTrack
from genretag.domain.timeline import Timeline
from genretag.domain.window import Excerpt
from genretag.library.decisions import FILE, Decisions, open_decisions
from genretag.pipeline.review import Review
from genretag.report.blocks import Pen

textual = pytest.importorskip("textual", reason="needs the extra review")
from textual import events  # noqa: E402

from genretag.cli.review.screen import _HELP, ReviewApp  # noqa: E402

GUESSES = (ScoredGenre("Rock", 0.5), ScoredGenre("Metal", 0.3), ScoredGenre("Pop", 0.1))
NAMES = ("Shoegaze", "Jazz", "Rock")
NAMED = {
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "/": "slash",
    "?": "question_mark",
    ";": "semicolon",
    " ": "space",
}
"""Keys that Textual calls by a word."""


def item(artist: str, name: str, tracks: int, *before: str) -> ReviewItem:
    made = (
        ReviewTrack(Path("/m", artist, name, str(n)), f"Song {n}", artist, before, GUESSES)
        for n in range(tracks)
    )
    present = ((before, tracks),) if before else ()
    return ReviewItem("album", f"{artist} / {name}", tuple(made), GUESSES, ("unsure",), present)


ITEMS = (
    item("Tool", "Lateralus", 3),
    item("Air", "Moon Safari", 2, "Electronica"),
    item("Tool", "Undertow", 2),
    item("Slint", "Spiderland", 1),
)


def timeline(path: Path) -> Timeline:
    empty = np.zeros((1, 0), np.float32)
    scores = np.array([[0.5, 0.3, 0.1]], np.float32)
    prediction = Prediction(GUESSES, 1, 30.0, "toy")
    excerpts = (Excerpt(0.0, 2.0),)
    return Timeline(("Rock", "Metal", "Pop"), excerpts, (), scores, empty, empty[None], prediction)


@pytest.fixture
def decisions(tmp_path: Path) -> Iterator[Decisions]:
    with open_decisions(tmp_path) as opened:
        yield opened


Keys = Callable[..., "tuple[Review, bool | None, str]"]


@pytest.fixture
def press(decisions: Decisions) -> Keys:
    """Return a function that presses keys; it returns the review, the result and the screen."""

    def run(
        *keys: str, items: tuple[ReviewItem, ...] = ITEMS, size: tuple[int, int] = (80, 24)
    ) -> "tuple[Review, bool | None, str]":
        review = Review(items, decisions)
        app = ReviewApp(review, NAMES, timeline, Pen())
        seen = ""

        async def drive() -> None:
            nonlocal seen
            async with app.run_test(size=size, notifications=True) as pilot:
                await pilot.pause()
                seen = shown(app)
                await pilot.pause()
                seen = shown(app)
                for key in keys:
                    await pilot.press(NAMED.get(key, key))
                    await pilot.pause()
                    if app.return_value is None:
                        seen = shown(app)

        asyncio.run(drive())
        return review, app.return_value, seen

    return run


def shown(app: ReviewApp) -> str:
    """Return the text on the screen."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


def decided(review: Review) -> dict[str, tuple[str, ...]]:
    return {one.name.partition(" / ")[2]: review.find_common(one) for one in review.items}


@pytest.mark.parametrize(("key", "genre"), [("1", "Rock"), ("2", "Metal"), ("3", "Pop")])
def test_a_number_takes_a_guess_and_goes_on(press: Keys, key: str, genre: str) -> None:
    review, _, seen = press(key)
    assert decided(review)["Lateralus"] == (genre,)
    assert "1 of 4 decided, 3 of 8 tracks" in seen and "Air / Moon Safari" in seen


def test_a_name_is_completed_from_the_library(press: Keys) -> None:
    review, _, seen = press("g", *"sho", "right", "enter")
    assert decided(review)["Lateralus"] == ("Shoegaze",)
    assert "Shoegaze" in seen


def test_tab_completes_a_name_and_leaves_the_line_open(press: Keys) -> None:
    review, _, _ = press("g", *"sho", "tab", *"; Dub", "enter")
    assert decided(review)["Lateralus"] == ("Shoegaze", "Dub")


def test_several_genres_are_typed_with_a_semicolon(press: Keys) -> None:
    review, _, _ = press("g", *"Dub; Jazz", "enter")
    assert decided(review)["Lateralus"] == ("Dub", "Jazz")


def test_what_is_typed_wrong_decides_nothing_and_is_explained(press: Keys) -> None:
    review, _, seen = press("g", "?", "enter")
    assert decided(review)["Lateralus"] == () and "has no letter" in seen
    assert '"[/]" has no letter' in press("g", *"[/]", "enter")[2]
    review, _, _ = press("g", "1", "escape")
    assert decided(review)["Lateralus"] == ()


def test_all_albums_by_an_artist_at_once(press: Keys) -> None:
    review, _, seen = press("a")
    assert "for all 5 tracks by Tool" in seen
    review, _, _ = press("a", "1")
    assert decided(review) == {
        "Lateralus": ("Rock",), "Moon Safari": (), "Undertow": ("Rock",), "Spiderland": ()
    }  # fmt: skip


def test_one_track_at_a_time(press: Keys) -> None:
    review, _, _ = press("tab", "1", "2", "3")
    genres = [review.find_genres(path) for path in ITEMS[0].paths]
    assert genres == [("Rock",), ("Metal",), ("Pop",)]
    assert review.is_decided(ITEMS[0]) and review.find_common(ITEMS[0]) == ()


def test_undo_takes_back_step_by_step_and_goes_there(press: Keys) -> None:
    review, _, seen = press("1", "2", "u")
    assert decided(review)["Lateralus"] == ("Rock",) and decided(review)["Moon Safari"] == ()
    assert "has Electronica (2)" in seen
    review, _, _ = press("u")
    assert "There is nothing to take back" in press("u")[2]


def test_it_goes_on_where_an_earlier_review_ended(press: Keys, decisions: Decisions) -> None:
    decisions.record(dict.fromkeys(ITEMS[0].paths, ("Jazz",)))
    assert "has Electronica (2)" in press()[2]


def test_undo_takes_back_what_an_earlier_review_decided(press: Keys, decisions: Decisions) -> None:
    decisions.record(dict.fromkeys(ITEMS[2].paths, ("Jazz",)))
    decisions.record(dict.fromkeys(ITEMS[0].paths, ("Dub",)))
    review, _, seen = press("u")
    assert "Tool / Lateralus\n" in re.sub(r" +\n", "\n", seen)
    assert decided(review)["Lateralus"] == () and decided(review)["Undertow"] == ("Jazz",)
    review, _, _ = press("u")
    assert not any(decided(review).values())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_what_cannot_be_kept_is_not_decided_and_the_person_goes_on(
    press: Keys, decisions: Decisions, tmp_path: Path
) -> None:
    (tmp_path / FILE).symlink_to("/dev/full")
    review, result, seen = press("1", "s", "k")
    assert result is None and "Not kept" in seen and "No space left" in seen
    assert not any(decided(review).values())
    (tmp_path / FILE).unlink()
    review, _, _ = press("1")
    assert decided(review)["Lateralus"] == ("Rock",)


@pytest.mark.parametrize(("albums", "tracks"), [(4000, 1), (1, 2000)])
def test_a_key_takes_no_longer_in_a_large_library(press: Keys, albums: int, tracks: int) -> None:
    items = tuple(item(f"Artist {n}", f"Album {n}", tracks) for n in range(albums))
    started = time.process_time()
    press(items=items)
    opened = time.process_time() - started
    press(*"1u1u1u", items=items)
    assert time.process_time() - started < 6 * opened + 1


def test_keep_decides_for_what_is_there(press: Keys) -> None:
    review, _, seen = press("k")
    assert "There is no genre to keep" in seen and decided(review)["Lateralus"] == ()
    review, _, _ = press("s", "k")
    assert decided(review)["Moon Safari"] == ("Electronica",)


def test_a_filter_shows_what_has_all_words(press: Keys) -> None:
    _, _, seen = press("/", *"tool under", "enter")
    assert "Undertow" in seen and "Lateralus" not in seen and "Safari" not in seen
    _, _, seen = press("/", *"nothing like it", "enter")
    assert "Nothing is left here." in seen
    _, _, seen = press("/", *"tool", "enter", "/", "enter")
    assert "Safari" in seen


def test_help_lists_the_keys(press: Keys) -> None:
    assert "take the guess of that number" in press("?")[2]
    assert "take the guess of that number" not in press("?", "x")[2]


def test_keys_that_are_pressed_fast_close_the_help_once(decisions: Decisions) -> None:
    app = ReviewApp(Review(ITEMS, decisions), NAMES, timeline, Pen())

    async def drive() -> None:
        async with app.run_test() as pilot:
            await pilot.press("question_mark")
            for key in "xyz":
                app.screen.post_message(events.Key(key, key))
            await pilot.pause()
            assert len(app.screen_stack) == 1

    asyncio.run(drive())


def test_help_fits_a_terminal_of_80_columns(press: Keys) -> None:
    lines = [line.strip("│ ") for line in press("?", size=(80, 24))[2].splitlines()]
    assert set(_HELP.splitlines()) <= {*lines, ""}


def test_while_a_genre_is_typed_the_last_line_names_the_keys_that_count(press: Keys) -> None:
    last = press("g", "j", size=(80, 24))[2].splitlines()[-1]
    assert "take" in last and "back" in last and "filter" not in last


@pytest.mark.parametrize(("key", "result"), [("q", True), ("ctrl+c", False), ("ctrl+q", False)])
def test_how_it_ends(press: Keys, key: str, result: bool) -> None:
    assert press("1", key)[1] is result


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
def test_all_of_it_fits(press: Keys, size: tuple[int, int]) -> None:
    _, _, seen = press(size=size)
    lines = seen.splitlines()
    assert len(lines) == size[1] and "Lateralus" in seen and "1 Rock" in seen
    if size[0] >= 80:
        assert "1-3 take" in lines[-1] and "q end" in lines[-1]
        assert "Song 0" in seen and "no genre scores enough" in seen


def test_hostile_names_do_nothing(press: Keys) -> None:
    name = "[red]\x1b[31mboo[/]"
    one = item(name, name, 1, name)
    _, _, seen = press(items=(one,))
    assert "[red]\\x1b[31mboo" in seen and "\x1b" not in seen


def test_there_is_nothing_to_decide(press: Keys) -> None:
    review, result, _ = press("1", "2", "k", "u", "a", "p", "s", "tab", "1", "q", items=())
    assert result is True and not list(review.list_decisions())


class ReviewTerminal(Terminal):
    """A review on a terminal of 80 columns."""

    def __init__(self, music: Path, home: dict[str, str]) -> None:
        home = {name: value for name, value in home.items() if name not in ("COLUMNS", "LINES")}
        super().__init__(["review", str(music)], home)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, b"\x18\0\x50\0\0\0\0\0")

    def press(self, keys: str, until: str) -> None:
        """Press keys, and wait until something new is shown."""
        self.text = ""
        self.type(keys)
        assert until in self.read(until), self.text


@pytest.fixture
def home(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    model = toy_model.save(tmp_path / "pooling.onnx", replace(MANIFEST, pooling=POOLING))
    return home | {"GENRETAG_MODEL": str(model)}


def make_albums(music: Path, count: int) -> list[Path]:
    made = (album(music / f"Artist {n}" / "Album", MIXED, MIXED) for n in range(count))
    return [path for paths in made for path in paths]


def test_thirty_albums_are_decided_and_written_in_two_minutes_of_keys(home, music) -> None:
    files = make_albums(music, 30)
    terminal = ReviewTerminal(music, home)
    terminal.press("", "of 60 tracks")
    started = time.monotonic()
    for number in range(1, 31):
        if number % 3 == 0:
            terminal.press("g", "A genre")
        terminal.press("Trip Hop\r" if number % 3 == 0 else "1", f"{number} of 30 decided")
    terminal.press("q", "[y/N]")
    terminal.type("y\n")
    assert terminal.close() == 0
    assert time.monotonic() - started < 120
    written = [read_genres(path) for path in files]
    assert written.count(("Low",)) == 40 and written.count(("Trip Hop",)) == 20


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(home, music, number) -> None:
    make_albums(music, 2)
    terminal = ReviewTerminal(music, home)
    terminal.press("", "of 4 tracks")
    terminal.press("1", "1 of 2 decided")
    terminal.process.send_signal(number)
    assert terminal.close() == 130
    # It leaves the alternate screen, and shows the cursor.
    end = terminal.text[-600:]
    assert "\x1b[?1049l" in end and "\x1b[?25h" in end and "decisions are kept" in end
    assert "Traceback" not in terminal.text


def test_a_signal_while_it_asks_line_by_line_says_that_decisions_are_kept(home, music) -> None:
    make_albums(music, 2)
    terminal = Terminal(["review", "--plain", str(music)], home)
    terminal.read("1 of 2: ")
    terminal.type("1\n")
    terminal.read("2 of 2: ")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.close() == 130 and "decisions are kept" in terminal.text


def test_a_killed_review_loses_no_decision(home, music, genretag) -> None:
    make_albums(music, 3)
    terminal = ReviewTerminal(music, home)
    terminal.press("", "of 6 tracks")
    terminal.press("1", "1 of 3 decided")
    terminal.press("2", "2 of 3 decided")
    terminal.process.send_signal(signal.SIGKILL)
    terminal.process.wait()
    again = ReviewTerminal(music, home)
    again.press("", "2 of 3 decided")
    again.press("q", "[y/N]")
    again.type("n\n")
    assert again.close() == 0 and "kept for the next review" in re.sub(r"\s+", " ", again.text)
    assert {read_genres(path) for path in music.rglob("*.flac")} == {()}
