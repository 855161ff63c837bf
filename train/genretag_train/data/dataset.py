"""Labelled clips as data sets list them: paths, genres, groups and given sides."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from genretag.domain.genre import fold_name, player_safe
from genretag.errors import Code, RunError, UsageError
from genretag_train.data import fma, gtzan

SIDES = ("train", "valid", "test")
_SIDE_NAMES = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "val": "valid",
    "validation": "valid",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class Clip:
    """A labelled recording.

    `name` is the file as the data names it, `group` whatever must not be on two sides
    (an artist, a collection, or the clip itself), `split` the side that the data gives it.
    `published` is the side in an artist-filtered list that goes with the data: `train`,
    `valid`, `test`, or `unlisted` for a clip that the list leaves out; FMA's own split is one.
    `source` is the collection that the clip is from, where the data tells.
    """

    path: Path
    name: str
    genre: str
    group: str
    split: str | None = None
    published: str | None = None
    source: str = ""

    @property
    def collection(self) -> str:
        """The source without its parts: `debian` for `debian/wesnoth`, `other` without one."""
        return self.source.partition("/")[0] or "other"


def read_clips(data: Path, label_column: str = "") -> list[Clip]:
    """Read the clips of a CSV file, of FMA, or of a folder with a folder for each genre.

    A CSV has the columns `path` or `file` (relative to its own folder), `label_column`
    (else `genre` or `label`), and where known `group` or `artist`, and `split`. Rows
    without a genre are left out. Genres that differ only in case, spaces or punctuation
    become one.

    Raises:
        UsageError: there is no such file or folder.
        RunError: `bad-dataset`, it cannot be read, lacks a column or has no clips.
    """
    try:
        read = next((read for fits, read in LAYOUTS if fits(data)), None)
        if read is None:
            raise UsageError(
                Code.BAD_OPTION,
                f"{data}: no such file or folder",
                "Give --data a CSV, an FMA folder, or a folder with a folder for each genre.",
            )
        clips = read(data, label_column)
    except OSError as error:
        raise bad_dataset(
            f"{error.filename or data}: it cannot be read: {error.strerror}"
        ) from error
    if not clips:
        raise bad_dataset(f"{data}: there are no labelled clips in it")
    return _unify_spellings(clips)


def select_genres(
    clips: Sequence[Clip], min_tracks: int, min_groups: int, only: Sequence[str] = ()
) -> tuple[list[Clip], dict[str, int]]:
    """Return the clips of genres with enough clips and groups; and the other genres' sizes.

    With `only`, the genres of these names, in any spelling, and no others.

    Raises:
        UsageError: one of `only` is no genre of these clips.
        RunError: `bad-dataset`, fewer than two genres are left.
    """
    wanted = {fold_name(player_safe(name)) for name in only}
    unknown = wanted - {fold_name(clip.genre) for clip in clips}
    if unknown:
        raise UsageError(
            Code.BAD_OPTION,
            f"No clip has the genre {', '.join(sorted(unknown))}",
            f"Its genres are {', '.join(sorted({clip.genre for clip in clips}))}.",
        )
    groups = defaultdict(set)
    for clip in clips:
        groups[clip.genre].add(clip.group)
    sizes = Counter(clip.genre for clip in clips)
    dropped = {
        genre: size
        for genre, size in sizes.items()
        if size < min_tracks
        or len(groups[genre]) < min_groups
        or (wanted and fold_name(genre) not in wanted)
    }
    if len(sizes) - len(dropped) < 2:
        raise bad_dataset(
            f"fewer than two genres have {min_tracks} clips from {min_groups} groups",
            "Add clips by other artists, or lower the settings min_tracks and min_groups.",
        )
    return [clip for clip in clips if clip.genre not in dropped], dropped


def bad_dataset(
    message: str, hint: str = "train/README.md describes the data that training reads."
) -> RunError:
    """Return the error for data that cannot be learned from."""
    return RunError(Code.BAD_DATASET, message, hint)


def _read_fma(data: Path, label_column: str) -> list[Clip]:
    tracks = fma.read_tracks(data)
    return [
        Clip(
            path=track.path,
            name=name,
            genre=player_safe(track.genre),
            group=track.artist or name,
            # FMA's own split is a published one: it holds for artists, not where all may mix.
            published=_parse_side(data, track.side),
        )
        for track in tracks
        for name in ["/".join(track.path.parts[-3:])]
    ]


def _read_folder(folder: Path, label_column: str) -> list[Clip]:
    files = (path for path in sorted(folder.glob("*/*")) if path.is_file())
    return [
        Clip(path, name, player_safe(path.parent.name), name)
        for path in files
        if not path.name.startswith(".")
        for name in [f"{path.parent.name}/{path.name}"]
    ]


def _read_csv(file: Path, label_column: str) -> list[Clip]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            columns = reader.fieldnames or ()
            name = _find_column(file, columns, ("path", "file"))
            genre = _find_column(
                file, columns, (label_column,) if label_column else ("genre", "label")
            )
            rows = [row for row in reader if row[name] and player_safe(row[genre] or "")]
    except UnicodeDecodeError as error:
        raise bad_dataset(
            f"{file}: its text is not in UTF-8; save it anew in that encoding"
        ) from error
    except csv.Error as error:
        raise bad_dataset(f"{file}: it is no CSV: {error}") from error
    published = gtzan.read_published_sides(file.parent)
    return [
        Clip(
            path=file.parent / row[name],
            name=row[name],
            genre=player_safe(row[genre]),
            group=_get_group(row, row[name], published),
            split=_parse_side(file, row.get("split")),
            published=_get_published_side(row, published),
            source=(row.get("source") or "").strip(),
        )
        for row in rows
    ]


def _find_column(file: Path, columns: Iterable[str], wanted: tuple[str, ...]) -> str:
    column = next((name for name in wanted if name in columns), None)
    if column is None:
        raise bad_dataset(f"{file}: it has no column {' or '.join(wanted)}")
    return column


def _get_group(row: Mapping[str, str], name: str, published: Mapping[gtzan.Track, str]) -> str:
    """Return who or what must not be on two sides: the one place where that is decided.

    Where a published list keeps GTZAN's artists apart, each GTZAN track is a group of its
    own with all its cuts; else all of GTZAN is what its `group` column says.
    """
    track = gtzan.parse_track(row.get("original") or "")
    if track and published:
        return f"gtzan/{track[0]}.{track[1]}"
    return (row.get("group") or row.get("artist") or name).strip()


def _get_published_side(row: Mapping[str, str], published: Mapping[gtzan.Track, str]) -> str | None:
    track = gtzan.parse_track(row.get("original") or "")
    return published.get(track, "unlisted") if track and published else None


def _parse_side(file: Path, text: str | None) -> str | None:
    """Return the side that the data gives a clip, None where it gives none."""
    name = (text or "").strip().casefold()
    if not name:
        return None
    if name not in _SIDE_NAMES:
        raise bad_dataset(f"{file}: the split {name!r} is none of {', '.join(_SIDE_NAMES)}")
    return _SIDE_NAMES[name]


LAYOUTS: Sequence[tuple[Callable[[Path], bool], Callable[[Path, str], list[Clip]]]] = (
    (fma.is_fma, _read_fma),
    (Path.is_dir, _read_folder),
    (Path.is_file, _read_csv),
)
"""How labelled music may lie on disk: which data is meant, and what reads it."""


def _unify_spellings(clips: list[Clip]) -> list[Clip]:
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for clip in clips:
        spellings[fold_name(clip.genre)][clip.genre] += 1
    usual = {key: names.most_common(1)[0][0] for key, names in spellings.items()}
    return [replace(clip, genre=usual[fold_name(clip.genre)]) for clip in clips]
