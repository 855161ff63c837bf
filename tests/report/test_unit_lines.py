"""An album whose files have the same result is one line, and no file is lost or shown twice."""

import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import heard
from rich.cells import cell_len
from rich.console import Console

from genretag.domain.change import TagChange
from genretag.domain.outcome import Failed, Outcome, Planned, Skipped, Tagged, Unchanged, Unsure
from genretag.domain.prediction import ScoredGenre
from genretag.domain.unit import Source, Unit, UnitKind
from genretag.errors import Code, FileError
from genretag.report.unit_lines import UnitLines

FOLDER = Path("/music")


def album(
    name: str = "Tool / Lateralus",
    undecided: int = 3,
    genre: str = "Metal",
    score: float = 0.96,
    kind: UnitKind = "album",
) -> Unit:
    return Unit(kind, name, undecided, (ScoredGenre(genre, score),), undecided)


def planned(
    unit: Unit | None,
    path: str,
    genre: str = "Metal",
    score: float = 0.96,
    before: tuple[str, ...] = (),
    source: Source = "album",
    notes: tuple[str, ...] = (),
) -> Outcome:
    change = TagChange(FOLDER / path, "FLAC", before, (genre,))
    outcome = Planned.of(change, heard((genre, score)))
    return outcome.convert(Planned, change=change, unit=unit, source=source, notes=notes)


def unsure(unit: Unit, path: str, guess: str, score: float, before: tuple[str, ...] = ()) -> Unsure:
    return Unsure(
        path=FOLDER / path,
        before=before,
        after=before,
        prediction=heard((guess, score)),
        unit=unit,
        reason="best score is below 0.75",
    )


def failed(unit: Unit | None, path: str) -> Outcome:
    error = FileError(Code.CHANGED, f"{FOLDER / path}: it was changed", "Scan it again.")
    return Failed(path=FOLDER / path, unit=unit, error=error)


def shown(outcomes: Sequence[Outcome], width: int | None = None, ends: bool = True) -> str:
    """Lines for outcomes in their order; what is held at the end with them if it `ends`."""
    stream = io.StringIO()
    lines = UnitLines(Console(file=stream, width=width or 200), FOLDER, width=width)
    for outcome in outcomes:
        lines.show(outcome)
    if ends:
        lines.close()
    return stream.getvalue()


def test_an_album_with_one_result_is_one_line_with_its_score_and_name() -> None:
    unit = album()
    text = shown([planned(unit, f"0{n}.flac") for n in range(3)], ends=False)
    assert text == "> planned  Metal                   96%  Tool / Lateralus  3 tracks\n"


def test_an_album_that_nothing_is_written_to_shows_what_all_of_it_might_be() -> None:
    unit = album(score=0.71)
    guesses = [("Metal", 0.7, ("Old",)), ("Rock", 0.5), ("Folk", 0.4, ("Other",))]
    text = shown([unsure(unit, f"0{n}.flac", *guess) for n, guess in enumerate(guesses)])
    assert text == "? unsure   Metal?                  71%  Tool / Lateralus  3 tracks\n"


def test_silent_files_of_an_album_are_not_shown_with_a_guess() -> None:
    unit, silent = album(), heard()
    reason = "nothing but silence was heard"
    text = shown(
        [Unsure(path=FOLDER / f"{n}", prediction=silent, unit=unit, reason=reason) for n in "012"]
    )
    assert text == "? unsure   nothing but silence was heard  Tool / Lateralus  3 tracks\n"


def test_files_that_differ_stand_below_their_album_with_scores_below_its_score() -> None:
    unit = album(undecided=5)
    same = [planned(unit, f"0{n}.flac") for n in range(3)]
    text = shown([same[0], failed(unit, "09.flac"), *same[1:], planned(unit, "x.flac", "Pop")])
    assert text.splitlines() == [
        "> planned  Metal                   96%  Tool / Lateralus  3 tracks",
        "  ! failed   09.flac: it was changed",
        "             Scan it again. (changed)",
        "  > planned  Pop                   96%  x.flac",
    ]


@pytest.mark.parametrize(
    "results",
    [
        [("Metal", 0.9), ("Metal", 0.8), ("Metal", 0.7)],
        [("Metal", 0.9), ("Metal", 0.9), ("Rock", 0.8), ("Pop", 0.8)],
        [("Metal", 0.9)],
    ],
)
def test_files_of_a_unit_that_have_little_in_common_have_a_line_each(results) -> None:
    unit = album(undecided=len(results))
    files = [planned(unit, f"0{n}.flac", *result) for n, result in enumerate(results)]
    lines = shown(files).splitlines()
    assert [line.split()[-1] for line in lines] == [f"0{n}.flac" for n in range(len(results))]
    assert all(line.startswith("> planned") for line in lines)


def test_files_with_other_genres_before_are_not_one_line() -> None:
    unit = album(undecided=3)
    text = shown(
        [planned(unit, f"{n}.flac", before=(old,)) for n, old in enumerate(("Rock", "Rock", "Pop"))]
    )
    assert "> planned  Rock -> Metal           96%  Tool / Lateralus  2 tracks\n" in text
    assert "  > planned  Pop -> Metal          96%  2.flac\n" in text


def test_genres_from_the_library_are_marked_for_an_album_and_for_a_file() -> None:
    unit, other = album(undecided=2), album(undecided=1)
    files = [planned(unit, f"{n}.flac", source="library") for n in range(2)]
    lines = shown([*files, planned(other, "a.flac", source="library")]).splitlines()
    assert lines[0].endswith("Tool / Lateralus  2 tracks  (library)")
    assert lines[1].endswith("a.flac  (library)")


def test_equal_notes_of_files_are_counted() -> None:
    unit = album(undecided=4)
    notes = [("it had 2 names",), ("it had 2 names", "a \x1b note"), (), ("it had 2 names",)]
    text = shown([planned(unit, f"{n}.flac", notes=some) for n, some in enumerate(notes)])
    assert text.splitlines()[1:] == [
        "           (3 tracks) it had 2 names",
        r"           (1 track) a \x1b note",
    ]


def test_a_folder_is_shown_by_its_path_and_an_album_of_tags_by_its_name() -> None:
    def name(unit: Unit, folder: str) -> str:
        line = shown([planned(unit, f"{folder}/{n}.flac") for n in range(3)])
        return line.rstrip().removesuffix("  3 tracks").rpartition("%  ")[2]

    assert name(album("Album"), "Tool/Album") == str(Path("Tool/Album"))
    assert name(album("Album"), "Tool/Album/CD 2") == str(Path("Tool/Album"))
    assert name(album("Album"), "elsewhere") == "Album"
    assert name(album("Tool", kind="artist"), "x/Tool") == "Tool"
    assert name(album("\x1b[31m\n"), "elsewhere") == r"\x1b[31m\x0a"


def test_a_folder_that_is_scanned_from_inside_has_a_name() -> None:
    unit, stream = album("", undecided=2), io.StringIO()
    lines = UnitLines(Console(file=stream, width=100), Path())
    for n in range(2):
        lines.show(Unsure(path=Path(f"{n}.flac"), unit=unit, prediction=heard(("Pop", 0.4))))
    assert stream.getvalue().endswith("  .  2 tracks\n")


def test_albums_that_share_a_folder_are_told_apart_even_if_they_are_called_the_same() -> None:
    units = [album(), album()]
    assert units[0] == units[1]
    files = [planned(units[n % 2], f"{n}.flac") for n in range(6)]
    text = shown(files, ends=False)
    assert (
        text.splitlines()
        == ["> planned  Metal                   96%  Tool / Lateralus  3 tracks"] * 2
    )


def test_what_was_written_of_an_album_that_is_broken_off_is_shown() -> None:
    unit = album(undecided=13)
    files = [planned(unit, f"{n}.flac").convert(Tagged) for n in range(5)]
    assert shown(files, ends=False) == ""
    assert shown(files) == "+ tagged   Metal                   96%  Tool / Lateralus  5 tracks\n"


def test_files_that_were_decided_by_themselves_are_shown_at_once() -> None:
    unit = album()
    text = shown([planned(unit, "1.flac"), failed(None, "2.flac")], ends=False)
    assert text.startswith("! failed   2.flac") and "1.flac" not in text


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_every_line_of_units_fits_the_terminal(width: int) -> None:
    unit = album("Godspeed You! Black Emperor / Lift Your Skinny Fists ダーティ・スプライト", 4)
    same = [
        planned(unit, f"{n}.flac", "Progressive Metal", source="library", notes=("a note " * 9,))
        for n in range(3)
    ]
    long = "a folder with a long name/and a file with a long name as well.flac"
    rows = shown([*same, planned(unit, long, "Pop", source="library")], width).splitlines()
    assert max(map(cell_len, rows)) <= width
    text = " ".join(" ".join(rows).split())
    assert "3 tracks (library)" in text and "Pop" in text and "well.flac" in text
    assert "…" in text


GENRES = st.sampled_from(["Rock", "Pop"])


@st.composite
def runs(draw: st.DrawFn) -> list[Outcome]:
    """Outcomes of several units and of files by themselves, in any order, some not coming."""
    outcomes: list[Outcome] = []
    for size in draw(st.lists(st.integers(1, 7), max_size=4)):
        unit = album(f"unit {len(outcomes)}", size, draw(GENRES), kind="artist")
        outcomes += [draw(results(unit, len(outcomes) + n)) for n in range(size)]
    outcomes += [draw(results(None, len(outcomes) + n)) for n in range(draw(st.integers(0, 3)))]
    shuffled = draw(st.permutations(outcomes))
    return shuffled[: draw(st.integers(0, len(shuffled)))]


def results(unit: Unit | None, number: int) -> st.SearchStrategy[Outcome]:
    path = f"file{number}"
    kept = {"path": FOLDER / path, "unit": unit}
    return st.one_of(
        GENRES.map(lambda genre: planned(unit, path, genre)),
        GENRES.map(lambda genre: planned(unit, path, genre).convert(Tagged)),
        GENRES.map(lambda genre: Unsure(prediction=heard((genre, 0.4)), reason="low", **kept)),
        st.builds(lambda: Unsure(reason="silent", **kept)),
        st.builds(lambda: Skipped(reason="left out", **kept)),
        st.builds(lambda: Unchanged(reason="has a genre", **kept)),
        st.builds(lambda: failed(unit, path)),
    )


@given(runs())
def test_in_any_order_each_file_is_shown_once(outcomes: list[Outcome]) -> None:
    expected: Counter[str] = Counter(
        outcome.unit.name if outcome.unit else "alone"
        for outcome in outcomes
        if not isinstance(outcome, Unchanged)
    )
    owners = {outcome.path.name: outcome.unit for outcome in outcomes}
    counted: Counter[str] = Counter()
    text = shown(outcomes)
    names = re.findall(r"\bfile\d+\b", text)
    assert len(names) == len(set(names))
    for name in names:
        counted[owner.name if (owner := owners[name]) else "alone"] += 1
    for name, count in re.findall(r"(unit \d+)  (\d+) tracks\n", text):
        counted[name] += int(count)
    assert counted == expected


@given(st.permutations([number for number in range(4) for _ in range(number + 1)]))
def test_a_unit_is_shown_with_its_last_outcome(order: list[int]) -> None:
    units = [album(f"unit {n}", n + 1, kind="artist") for n in range(4)]
    left = Counter(order)
    stream = io.StringIO()
    lines = UnitLines(Console(file=stream, width=100), FOLDER)
    for position, number in enumerate(order):
        lines.show(planned(units[number], f"{number}-{position}"))
        left[number] -= 1
        done = sum(not count for count in left.values())
        assert len(stream.getvalue().splitlines()) == done
