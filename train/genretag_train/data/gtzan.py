"""GTZAN's published artist-filtered split: tracks that share an artist stay on one side.

Corey Kereliuk, Bob L. Sturm, Jan Larsen: "Deep Learning and Music Adversaries", IEEE
Transactions on Multimedia 17(11), 2015; the lists name 930 of the 1,000 tracks.
"""

import re
from pathlib import Path

Track = tuple[str, int]
"""A GTZAN track: its genre and its number."""

LISTS = "gtzan_artist_split"
"""The folder beside a CSV that holds one list for each side, named `*train*.txt` and so on."""

_NAME = re.compile(r"([a-z]+)\.(\d+)(?:\.(?:wav|au|mp3))?$")


def parse_track(name: str) -> Track | None:
    """Return the track that a GTZAN file name stands for; its zero padding varies.

    >>> parse_track("zenny126_rock.00009.wav"), parse_track("song.mp3")
    (('rock', 9), None)
    """
    match = _NAME.search(name)
    return (match[1], int(match[2])) if match else None


def read_published_sides(folder: Path) -> dict[Track, str]:
    """Return the side of each listed track, from the lists in `folder`; empty without lists."""
    sides: dict[Track, str] = {}
    for side in ("train", "valid", "test"):
        for file in (folder / LISTS).glob(f"*{side}*.txt"):
            # Names of tracks are ASCII; whatever else stands in a list names none.
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                named = parse_track(line.strip())
                if named:
                    sides[named] = side
    return sides
