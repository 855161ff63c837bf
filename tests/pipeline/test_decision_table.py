"""A table is read as it was written, whatever a spreadsheet does to it."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.decision import COLUMNS, Decision, parse_genres
from genretag.domain.prediction import ScoredGenre
from genretag.domain.review import ReviewItem, ReviewTrack
from genretag.errors import Code, UsageError
from genretag.pipeline.decision_table import read_table
from genretag.report.decision_table import MOST_CHARACTERS, write_table

# A lone surrogate can be in no path but for those that stand for a byte; see the test of these.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0/")
NAMES = st.text(CHARACTERS, min_size=1, max_size=40)
GENRES = st.sampled_from(["Rock", "R&B", "Ça", "=Sum", "-Core", "@Home", "'Quoted", "A, B"])
GUESSES = tuple(ScoredGenre(name, score) for name, score in [("Jazz", 0.5), ("Rock; Pop", 0.3)])


def item(*paths: str, before: tuple[str, ...] = (), name: str = "A / B") -> ReviewItem:
    tracks = tuple(ReviewTrack(Path("/music", path), path, "A", before, ()) for path in paths)
    return ReviewItem("album", name, tracks, GUESSES)


def written(*items: ReviewItem) -> str:
    stream = io.StringIO()
    write_table(items, stream)
    return stream.getvalue()


def fill(text: str, *genres: str, delimiter: str = ",") -> str:
    """Return a table with `genres` in its rows, as a spreadsheet saves it."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(rows[0])
    for row, genre in zip(rows[1:], genres, strict=True):
        writer.writerow([genre, *row[1:]])
    return stream.getvalue()


def read(tmp_path: Path, text: str) -> tuple[Decision, ...]:
    file = tmp_path / "table.csv"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return read_table(file)


@given(
    st.lists(NAMES, min_size=1, max_size=5, unique=True),
    st.lists(GENRES, max_size=3, unique=True),
    GENRES,
    NAMES,
    st.sampled_from(",;\t"),
)
def test_what_a_person_fills_in_is_read_with_the_files_of_the_row(
    tmp_path_factory, paths, before, genre, name, delimiter
) -> None:
    one = item(*paths, before=tuple(before), name=name)
    table = fill(written(one), genre, delimiter=delimiter)
    [decision] = read(tmp_path_factory.mktemp("t"), table)
    assert decision.genres == (genre,) and decision.paths == one.paths
    assert decision.expected == frozenset(before)


def test_paths_of_any_bytes_survive(tmp_path: Path) -> None:
    one = item("\udcff.mp3", "ä, \"b\"; 'c'.mp3", "line\nbreak.mp3")
    [decision] = read(tmp_path, fill(written(one), "Jazz"))
    assert decision.paths == one.paths
    assert written(one).isascii() or written(one).startswith("\ufeff")


def test_a_number_stands_for_a_guess_and_an_empty_cell_for_no_decision(tmp_path: Path) -> None:
    rows = fill(written(*(item(str(n)) for n in range(4))), "1", " 2 ", "", "Trip  Hop")
    genres = [one.genres for one in read(tmp_path, rows)]
    assert genres == [("Jazz",), ("Rock", "Pop"), ("Trip Hop",)]


def test_columns_may_move_and_others_be_added(tmp_path: Path) -> None:
    files = json.dumps(["/music/a.mp3"])
    text = f'notes,files,genre\nhm,"{files.replace(chr(34), chr(34) * 2)}",Jazz\n'
    assert read(tmp_path, text) == (Decision(("Jazz",), (Path("/music/a.mp3"),)),)


@pytest.mark.parametrize(
    ("genres", "line", "message"),
    [
        (("Jazz", "3"), 3, "there is no guess 3"),
        (("Jazz", "4"), 3, '"4" has no letter'),
        (("?", "Jazz"), 2, "no letter"),
        (("Other", ""), 2, "counts as no genre"),
        (("Jazz; jazz", ""), 2, "given twice"),
        (("J" * 61, ""), 2, "longer than"),
    ],
)
def test_rows_that_make_no_sense_are_refused_by_their_line(
    tmp_path: Path, genres: tuple[str, str], line: int, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path, fill(written(item("a"), item("b")), *genres))
    assert caught.value.code is Code.BAD_PLAN and f"line {line}:" in caught.value.message


@pytest.mark.parametrize(
    "files",
    ["", "a.mp3", "[]", "[1]", '["a.mp3"]', '["/a\\u0000b"]', "{}", "[[]]", "null", '["/\\ud800"]'],
)
def test_files_that_somebody_changed_are_refused(tmp_path: Path, files: str) -> None:
    text = f'genre,files\nJazz,"{files.replace(chr(34), chr(34) * 2)}"\n'
    with pytest.raises(UsageError, match="line 2: "):
        read(tmp_path, text)


def test_two_genres_for_one_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="line 3: line 2 gives /music/a another genre"):
        read(tmp_path, fill(written(item("a"), item("a")), "Jazz", "Pop"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_unicode_is_read_as_spreadsheets_write_it(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "table.csv"
    text = fill(written(item("ä.mp3")), "Çağdaş", delimiter="\t")
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    file.write_bytes((mark + text).encode(encoding))
    [decision] = read_table(file)
    assert decision.genres == ("Çağdaş",) and decision.paths == (Path("/music/ä.mp3"),)


@pytest.mark.parametrize(
    "cell", ["#NAME?", "#REF!", "#N/A", "#DIV/0!", "#BEZUG!", "#NV", "Err:508"]
)
def test_what_a_spreadsheet_makes_of_a_wrong_formula_is_no_genre(tmp_path: Path, cell: str) -> None:
    with pytest.raises(UsageError, match=f"line 2: .* formula, which gave {re.escape(cell)}"):
        read(tmp_path, fill(written(item("a")), cell))


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the column genre twice"):
        read(tmp_path, fill(written(item("a")), "Jazz").replace("folder", "genre"))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"genre\nJazz\n", b"files\n", b"\x00\x01"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    with pytest.raises(UsageError):
        read_table(file)


def test_no_cell_is_a_formula_or_longer_than_a_spreadsheet_takes(tmp_path: Path) -> None:
    paths = [f"{n:03}-{'x' * 100}.mp3" for n in range(400)]
    table = written(item(*paths, before=("=1+1",), name="+cmd"))
    rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"))))[1:]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert len(rows) > 1 and all(
        len(row[COLUMNS.index("files")]) <= MOST_CHARACTERS for row in rows
    )
    decisions = read(tmp_path, fill(table, *["Jazz"] * len(rows)))
    assert [path.name for one in decisions for path in one.paths] == paths
    assert decisions[0].expected == {"=1+1"}


@pytest.mark.parametrize("is_calibrated", [True, False])
def test_rows_say_where_scores_are_not_calibrated(tmp_path: Path, is_calibrated: bool) -> None:
    one = item("a.mp3", "b.mp3")
    last = replace(one.tracks[1], is_calibrated=is_calibrated)
    one = replace(one, tracks=(one.tracks[0], last))
    silent = replace(one, guesses=())
    rows = list(csv.DictReader(io.StringIO(written(one, silent).removeprefix("\ufeff"))))
    assert [row["calibrated"] for row in rows] == ["" if is_calibrated else "False", ""]
    # Spreadsheets write False in capitals or in other words.
    decided = read(tmp_path, fill(written(one), "Jazz").replace("False", "FALSCH"))
    assert [decision.paths for decision in decided] == [one.paths]


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), GENRES, st.sampled_from(",;\t"))
def test_tables_of_versions_without_the_last_column_are_read_alike(
    tmp_path_factory, paths, genre, delimiter
) -> None:
    table = fill(written(item(*paths)), genre)
    older = io.StringIO()
    rows = csv.reader(io.StringIO(table, newline=""))
    csv.writer(older, delimiter=delimiter).writerows(row[:-1] for row in rows)
    folder = tmp_path_factory.mktemp("t")
    assert read(folder, older.getvalue()) == read(folder, table)


def test_the_columns_are_those_of_the_contract() -> None:
    assert written().removeprefix("\ufeff").strip().split(",") == [*COLUMNS]


@given(st.text(max_size=80))
def test_whatever_a_person_types_is_genres_or_an_error_that_says_why(text: str) -> None:
    try:
        names = parse_genres(text)
    except ValueError as error:
        assert str(error)
    else:
        assert names and all(name == name.strip() and ";" not in name for name in names)
        assert parse_genres("; ".join(names)) == names
