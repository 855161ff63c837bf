"""Files as `inspect` sees them, with names that would like to break the output."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from genretag.domain.inspection import Decision, Inspection, Member
from genretag.domain.occlusion import Effect, Part, octave_bands
from genretag.domain.prediction import Prediction, rank_genres
from genretag.domain.stored_tags import StoredItem, StoredTag
from genretag.domain.timeline import Timeline
from genretag.domain.unit import Unit
from genretag.domain.window import Excerpt

GENRES = ("Rock", "Hip-Hop", "Old-Time Historic", "Jazz")


def heard(windows: int, silent: int = 0) -> Timeline:
    """Rock at the beginning, more and more Jazz; the last excerpts are silent."""
    turn = np.linspace(0.0, 1.0, windows)[:, None] if windows else np.zeros((0, 1))
    scores = (1 - turn) * (0.8, 0.1, 0.06, 0.04) + turn * (0.3, 0.1, 0.05, 0.55)
    excerpts = [Excerpt(10.0 * n, 3.0) for n in range(windows + silent)]
    prediction = Prediction((), 0, 241.3, "toy@0123456789ab")
    if windows:
        genres = rank_genres(GENRES, scores.mean(axis=0))
        prediction = Prediction(genres, windows, 241.3, "toy@0123456789ab")
    return Timeline(
        GENRES,
        tuple(excerpts[:windows]),
        tuple(excerpts[windows:]),
        scores.astype(np.float32),
        np.zeros((windows, 8), np.float32),
        np.linspace(0, 1, windows * 20 * 96, dtype=np.float32).reshape(windows, 20, 96),
        prediction,
    )


def explained(timeline: Timeline) -> dict[str, tuple[tuple[Effect, ...], ...]]:
    """Each window's first second speaks for the winner, its last one against it."""
    worth = (0.4, 0.1, -0.25)
    return {
        "effects": tuple(
            tuple(
                Effect(Part(Excerpt(window.start_s + n, 1.0)), value)
                for n, value in enumerate(worth)
            )
            for window in timeline.excerpts
        ),
        "bands": tuple(
            tuple(
                Effect(Part(window, band), 0.3 - 0.1 * n)
                for n, band in enumerate(octave_bands(8000.0))
            )
            for window in timeline.excerpts
        ),
    }


def decided_with_others() -> Decision:
    """By an album that persons have begun to tag; one of its tracks is silent."""
    folder = Path("/music/Artist/An Album")
    genres = rank_genres(("Rock", "Jazz", "Hard [bold]Rock"), np.array([0.15, 0.05, 0.8]))
    return Decision(
        genres, ("Hard [bold]Rock",), 0.75, "library",
        Unit("album", "Artist / An \x1b[0mAlbum", 5, genres),
        (
            Member(folder / "01 A name that is longer than a line of forty columns.flac", "Rock",
                   0.625, is_own=True),
            Member(folder / "02.flac", "Hard [bold]Rock", given=("Hard [bold]Rock",)),
            Member(folder / "03.flac", "Hard [bold]Rock", given=("hard [bold]rock", "Soul/RnB")),
            Member(folder / "CD 2" / "04 [bold]\x1b[0m so long that it does not fit.flac", "Jazz",
                   0.998),
            Member(folder / "CD 2" / "05.flac"),
        ),
    )  # fmt: skip


def decided_apart() -> Decision:
    """By its own sound: its artist has another genre, and more songs than are shown."""
    unit = Unit("artist", "Someone", 40, rank_genres(("Rock", "Jazz"), np.array([0.9, 0.1])))
    songs = [Member(Path(f"/music/Someone/{n}.mp3"), "Rock", 0.9) for n in range(40)]
    return Decision(
        rank_genres(("Rock", "Jazz"), np.array([0.02, 0.98])), ("Jazz",), 0.75, "heard", unit,
        tuple(songs),
    )  # fmt: skip


def inspections() -> tuple[Inspection, ...]:
    """One that is unsure and explained, a long one that is sure, one of silence, two of units."""
    few, many = heard(4, silent=1), heard(97)
    sure = Inspection(Path("/music/long.flac"), "FLAC", (), (), (), many, 0.3)
    nasty = "\x1b[31mAlt[/]\nRock"
    item = StoredItem("TCON", ("(17)", nasty), ("Rock", nasty))
    hostile = StoredTag("ID3v2", "ID3v2", "2.3", (item,))
    old = StoredItem("genre", ("79",), ("Hard Rock",))
    stale = StoredTag("ID3v1", "ID3v1", "", (old,))
    return (
        Inspection(
            Path("/music/Ümläut/[bold]01\x1b[0m a.mp3"), "MP3", (hostile, stale), hostile.names,
            ("ID3v1",), few, 0.7, set_probability=0.9, likely_set=few.prediction.genres[:2],
            **explained(few),
        ),
        sure,
        Inspection(Path("/music/silence.mka"), None, (), (), (), heard(0, silent=4), 0.7),
        replace(sure, path=Path("/music/a.flac"), timeline=few, decision=decided_with_others()),
        replace(sure, path=Path("/music/b.flac"), timeline=few, genres=("Jazz",),
                decision=decided_apart()),
    )  # fmt: skip
