"""The Free Music Archive data set as it unpacks: `fma_metadata/tracks.csv` and folders of MP3.

M. Defferrard, K. Benzi, P. Vandergheynst, X. Bresson: "FMA: A Dataset For Music Analysis",
18th International Society for Music Information Retrieval Conference, 2017.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genretag.errors import Code, RunError

METADATA, TABLE = "fma_metadata", "tracks.csv"

SUBSETS: Mapping[str, frozenset[str]] = {
    "fma_large": frozenset({"large", "medium", "small"}),
    "fma_medium": frozenset({"medium", "small"}),
    "fma_small": frozenset({"small"}),
}
"""The folder of each subset, largest first, and the values of `set.subset` that lie in it."""

_COLUMNS = ("track.genre_top", "set.split", "set.subset", "artist.id")


@dataclass(frozen=True)
class Track:
    """A track with a top genre; `artist` and `side` (FMA's own split) are empty if unknown."""

    path: Path
    genre: str
    artist: str
    side: str


def is_fma(data: Path) -> bool:
    """Tell whether `data` is a folder of FMA's folders, or the folder of one subset."""
    names = (METADATA, *SUBSETS)
    return data.absolute().name in SUBSETS or any((data / name).is_dir() for name in names)


def read_tracks(data: Path) -> list[Track]:
    """Read the tracks of a subset that have a top genre, whether their clip is there or not.

    `data` holds `fma_metadata` and the folders of subsets, of which the largest is taken, or
    is the folder of one subset beside `fma_metadata`.

    Raises:
        RunError: `bad-dataset`, the table or the clips are not there, or it is not FMA's.
    """
    folder = find_subset(data)
    table = folder.parent / METADATA / TABLE
    if not table.is_file():
        raise _not_fma(folder.parent, f"there is no {METADATA}/{TABLE} in it")
    return [
        Track(
            folder / clip_name(int(row["track_id"])),
            row["track.genre_top"],
            row["artist.id"],
            row["set.split"],
        )
        for row in _read_rows(table)
        if row["track.genre_top"] and row["set.subset"] in SUBSETS[folder.name]
    ]


def find_subset(data: Path) -> Path:
    """Find the folder of the subset that `read_tracks` reads; RunError `bad-dataset` without."""
    data = data.absolute()
    home, names = (data.parent, (data.name,)) if data.name in SUBSETS else (data, tuple(SUBSETS))
    folder = next((home / name for name in names if (home / name).is_dir()), None)
    if folder is None:
        raise _not_fma(home, f"there is no folder {' or '.join(names)} in it")
    return folder


def clip_name(track_id: int) -> str:
    """Return where a clip lies in its subset's folder.

    >>> clip_name(2), clip_name(148795)
    ('000/000002.mp3', '148/148795.mp3')
    """
    return f"{track_id // 1000:03}/{track_id:06}.mp3"


def short_name(name: str) -> str:
    """Return the id of the track whose clip has this name; any other name as it is.

    >>> short_name("fma_large/001/001642.mp3"), short_name("Pop/001642.mp3")
    ('1642', 'Pop/001642.mp3')
    """
    match = re.fullmatch(rf"(?:.*/)?(?:{'|'.join(SUBSETS)})/\d{{3}}/(\d{{6}})\.mp3", name)
    return str(int(match[1])) if match else name


def _read_rows(table: Path) -> Iterator[dict[str, str]]:
    """Yield the rows as `group.name` to text; FMA heads them with two rows and the index's name."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            columns = _find_columns(table, next(reader, []), next(reader, []))
            for row in reader:
                if row and row[0].isdecimal():
                    cells = {name: row[number].strip() for name, number in columns.items()}
                    yield {"track_id": row[0], **cells}
    except (csv.Error, UnicodeDecodeError, IndexError) as error:
        raise _not_fma(table, f"it is damaged ({error})") from error


def _find_columns(table: Path, groups: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    numbers = {
        f"{group}.{name}": number
        for number, (group, name) in enumerate(zip(groups, names, strict=False))
    }
    missing = [column for column in _COLUMNS if column not in numbers]
    if missing:
        raise _not_fma(table, f"it has no column {' and '.join(missing)}")
    return {column: numbers[column] for column in _COLUMNS}


def _not_fma(path: Path, why: str) -> RunError:
    return RunError(
        Code.BAD_DATASET,
        f"{path}: {why}",
        "Fetch what is missing, as with `genretag train fetch fma_metadata`.",
    )
