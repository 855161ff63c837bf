"""Libraries as `report` shows them, as large and as hostile as need be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from genretag.domain.analysis import Analysis
from genretag.domain.change import TagChange
from genretag.domain.contradiction import UnitRules, list_units
from genretag.domain.genre import is_same_name
from genretag.domain.grouping import Group
from genretag.domain.library import Library, LibraryEntry
from genretag.domain.outcome import Failed, Outcome, Planned, Unchanged, Unsure
from genretag.domain.placeholder import parse_placeholders
from genretag.domain.pooling import Pooling
from genretag.domain.prediction import Prediction, rank_genres
from genretag.domain.tagging import TagPolicy
from genretag.domain.timeline import Timeline
from genretag.domain.track import Track
from genretag.domain.window import Excerpt
from genretag.errors import Code, FileError
from genretag.pipeline.decide import UnitSettings
from genretag.pipeline.report import collect_entries
from genretag.pipeline.scan import decide_files

GENRES = ("Blues", "Classical", "Electronic", "Hip-Hop", "Jazz", "Metal", "Pop", "Rock", "Spoken")
HOSTILE = (
    '<script>document.title="owned"</script>',
    '"><img src=x onerror="document.title=`owned`">',
    '</script><script>document.title="owned"</script>',
    "<!--<script>",
    "${document.title='owned'} {{7*7}}",
    "‮gnp.exe\u2028\x1b[31m",
)
THRESHOLD = 0.8
POOLING = Pooling(0.2, 1.0, 0.1, 0.92, 0.985, 0.97, 0.35, THRESHOLD, 0.99)
SILENT = Prediction((), 0, 9.0, "toy@0123456789ab")
RULES = UnitRules(THRESHOLD, lambda genre: (genre,), POOLING)


def prediction(scores: np.ndarray, windows: int = 4) -> Prediction:
    return Prediction(rank_genres(GENRES, scores), windows, 200.0, "toy@0123456789ab")


def entry(path: Path, scores: np.ndarray | None, title: str, *before: str) -> LibraryEntry:
    if scores is None:
        error = FileError(Code.NOT_AUDIO, f"{path}: nothing in <b>it</b>", "Look at it.")
        return LibraryEntry(Failed(path=path, error=error), title, "", (), False, (), False)
    if not scores.any():
        return LibraryEntry(Unsure(path=path, prediction=SILENT), title, "", (), False, (), False)
    heard = prediction(scores)
    best = heard.genres[0]
    is_sure = best.score >= THRESHOLD
    after = before or ((best.name,) if is_sure else ())
    outcome: Outcome
    if after != before:
        outcome = Planned.of(TagChange(path, "FLAC", before, after), heard)
    else:
        kind = Unchanged if before else Unsure
        outcome = kind(path=path, before=before, after=before, prediction=heard)
    agrees = any(is_same_name(name, best.name) for name in before)
    return LibraryEntry(outcome, title, f"Artist of {title}", before, agrees, after, is_sure)


def library(size: int, seed: int = 0) -> Library:
    """Every 50th file fails, every 51st is silent, a third has genres; the first are hostile."""
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.full(len(GENRES), 0.15), size=size)
    root = Path("/music/<i>")
    entries = []
    for n in range(size):
        title = HOSTILE[n] if n < len(HOSTILE) else f"Song {n}"
        path = root / f"album {n // 10}" / f"{n:05} {title.replace('/', '_')}.flac"
        before = (str(rng.choice(GENRES)),) if n % 3 == 0 else ()
        before = (HOSTILE[n],) if n < len(HOSTILE) else before
        row = None if n % 50 == 49 else np.zeros(len(GENRES)) if n % 51 == 50 else scores[n]
        entries.append(entry(path, row, title, *before))
    places = rng.uniform(-1, 1, (size, 2))
    places[[n for n, one in enumerate(entries) if one.best is None]] = np.nan
    timelines = tuple(
        (n, timeline(scores[n])) for n in range(min(size, 12)) if entries[n].best is not None
    )
    return library_of(entries, places, timelines)


def library_of(
    entries: Sequence[LibraryEntry],
    places: np.ndarray | None = None,
    timelines: tuple[tuple[int, Timeline], ...] = (),
) -> Library:
    """Ten entries after each other are an album, and a hundred are by one artist."""
    places = np.full((len(entries), 2), np.nan) if places is None else places
    albums, artists = (
        list_units(
            [
                Group(kind, f"{HOSTILE[n % 6]} {n}", tuple(range(n, min(n + step, len(entries)))))
                for n in range(0, len(entries), step)
            ],
            entries,
            RULES,
        )
        for kind, step in (("album", 10), ("artist", 100))
    )
    made = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
    return Library(
        (Path("/music/<i>"),), made, "toy@0123456789ab", GENRES, parse_placeholders(), "fill",
        THRESHOLD, THRESHOLD, "album", tuple(entries), 7, places, albums, artists, timelines,
    )  # fmt: skip


@dataclass(frozen=True)
class Song:
    """A track to be decided for real: its sound, silent with a score of 0, and its tags."""

    artist: str
    album: str
    genre: str
    score: float
    tags: tuple[str, ...] = ()
    next: str = ""
    next_score: float = 0.0

    @property
    def prediction(self) -> Prediction:
        if not self.score:
            return SILENT
        known = {self.genre: self.score} | ({self.next: self.next_score} if self.next else {})
        rest = (1 - sum(known.values())) / (len(GENRES) - len(known))
        return prediction(np.array([known.get(one, rest) for one in GENRES]))


def decided(*songs: Song, policy: TagPolicy | None = None, least: int = 2) -> Library:
    """Return the library of these songs as `report` puts it together, decided by album.

    Albums and artists have so many tracks at least.
    """
    policy = policy or TagPolicy(threshold=THRESHOLD)
    analyses = []
    for n, song in enumerate(songs):
        path = Path("/music/<i>", song.artist, song.album, f"{n:02}.flac")
        track = Track(
            path, "FLAC", song.tags, title=f"Song {n}", artist=song.artist, album=song.album
        )
        analyses.append(Analysis(path, track, song.prediction))
    units = UnitSettings("album", POOLING, lambda names: names[0])
    found = collect_entries(decide_files(analyses, policy, units), policy)
    rules = replace(RULES, families=policy.families, is_related=policy.naming.is_related)
    albums, artists = (
        list_units(groups, found.entries, rules, least) for groups in (found.albums, found.artists)
    )
    return replace(library_of(found.entries), albums=albums, artists=artists, mode=policy.mode)


def timeline(scores: np.ndarray) -> Timeline:
    windows = np.tile(scores.astype(np.float32), (4, 1))
    excerpts = tuple(Excerpt(30.0 * n, 3.0) for n in range(4))
    none = np.zeros((4, 0), np.float32)
    return Timeline(GENRES, excerpts, (), windows, none, none, prediction(scores))


def unpack(shared: list[int], rests: list[str]) -> list[str]:
    """Return the texts that a page holds as how much they begin alike, and their rests."""
    texts = [""]
    for length, rest in zip(shared, rests, strict=True):
        start = texts[-1].encode("utf-16-le")[: 2 * length].decode("utf-16-le")
        texts.append(start + rest)
    return texts[1:]
