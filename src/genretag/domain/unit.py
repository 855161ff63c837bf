"""Units: the tracks of an album or of an artist, which are decided together."""

from dataclasses import dataclass
from typing import Literal

from genretag.domain.prediction import ScoredGenre

UnitKind = Literal["album", "artist", "track"]

Source = Literal["heard", "album", "artist", "library"]
"""What decided: the track's own sound, the sound of its album or of its artist's songs, or genres
that a person gave other tracks of its unit."""


@dataclass(frozen=True)
class Unit:
    """Tracks that were decided together.

    Attributes:
        kind: what they have in common.
        name: of the album with its artist, of the artist, or of the folder.
        tracks: how many they are, those that have a genre already among them.
        genres: best first, with the share of the tracks that has each, in [0, 1], as far as is
            known.
        undecided: how many of them had no genre that counts; so many outcomes have this unit.
    """

    kind: UnitKind
    name: str
    tracks: int
    genres: tuple[ScoredGenre, ...] = ()
    undecided: int = 0
