"""Questions are true: they count what will be done."""

from pathlib import Path

import pytest

from genretag.domain.change import TagChange
from genretag.domain.outcome import Outcome, Planned, Unchanged
from genretag.report import wording

NEITHER = Unchanged(path=Path("/music/same.mp3"), before=("Rock",), after=("Rock",))


def planned(before: str, after: str) -> Planned:
    """From genres before and after, each separated by commas."""
    names = (tuple(filter(None, genres.split(","))) for genres in (before, after))
    return Planned.of(TagChange(Path("/music/a.mp3"), "MP3", *names))


def changes(*pairs: str) -> list[Outcome]:
    return [NEITHER, *(planned(*pair.split(">")) for pair in pairs)]


@pytest.mark.parametrize(
    ("pairs", "asked"),
    [
        (
            ["Alt-Country>Country"] * 2 + ["Contemporary R&B>Soul"] + [">Rock"] * 3,
            "Replace the genres of 3 files (Alt-Country 2, Contemporary R&B 1) and fill 3?",
        ),
        (["Pop>Rock"], "Replace the genres of 1 file (Pop 1)?"),
        ([">Rock"], "Fill in the genres of 1 file?"),
        ([">Rock", "Pop>Pop,Rock"], "Add genres to 1 file and fill 1?"),
        (["Pop,Rock>Rock"], "Replace the genres of 1 file (Pop 1)?"),
        (["Pop,Pop>Rock"], "Replace the genres of 1 file (Pop 1)?"),
        (["Pop>"], "Remove the genres of 1 file (Pop 1)?"),
        (
            ["A>B", "C>", "D>D,E", ">F"],
            "Replace the genres of 1 file (A 1), remove those of 1 (C 1), add to 1 and fill 1?",
        ),
        (
            [f"{name}>Z" for name in "AABCDEFG"],
            "Replace the genres of 8 files (A 2, B 1, C 1, D 1, E 1, 2 more)?",
        ),
        (["\x1b[31m>Rock"], r"Replace the genres of 1 file (\x1b[31m 1)?"),
    ],
)
def test_what_is_asked_before_writing(pairs: list[str], asked: str) -> None:
    assert wording.ask_to_write(changes(*pairs)) == asked


@pytest.mark.parametrize(
    ("pairs", "asked"),
    [
        (["Rock>Pop"], "Undo run 7 in /music: put back the genres of 1 file (Pop 1)?"),
        (["Rock>"], "Undo run 7 in /music: remove the genres of 1 file (Rock 1)?"),
        (
            ["Rock>Pop", "Pop,Rock>Pop", "Rock>", ">Pop"],
            "Undo run 7 in /music: put back the genres of 3 files (Pop 2) and remove those of 1 "
            "(Rock 1)?",
        ),
    ],
)
def test_what_is_asked_before_undoing(pairs: list[str], asked: str) -> None:
    assert wording.ask_to_undo(7, Path("/music"), changes(*pairs)) == asked
    elsewhere = asked.replace(" in /music", "")
    assert wording.undo_wording(7, None).question(changes(*pairs)) == elsewhere
