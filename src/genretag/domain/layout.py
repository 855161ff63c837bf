"""Layouts: how several genres are stored in tags, and which layout each player shows right."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

Id3Version = Literal["keep", "v2.4", "v2.3"]
TagFormat = Literal[
    "ID3v2", "ID3v1", "APEv2", "Vorbis comments", "MP4", "ASF", "RIFF INFO", "AIFF text"
]
"""The kinds of tag; all but the last can hold a genre."""


@dataclass(frozen=True)
class Layout:
    """How genres are stored where a format leaves a choice.

    Attributes:
        id3: the version that ID3v2 tags get, their own by default.
        id3_lists: whether an older ID3v2 tag becomes v2.4 when it gets several genres,
            since only v2.4 has lists.
        joined: the formats whose tags hold several genres as one text, `; ` between them,
            instead of as several values.
        fix_stale: whether second tags that would go on showing another genre follow.
    """

    id3: Id3Version = "keep"
    id3_lists: bool = False
    joined: frozenset[TagFormat] = frozenset()
    fix_stale: bool = False

    def __post_init__(self) -> None:
        if self.id3 not in get_args(Id3Version):
            raise ValueError(f"ID3 version {self.id3!r} is none of {get_args(Id3Version)}")
        if not self.joined <= set(get_args(TagFormat)):
            raise ValueError(f"tag formats {set(self.joined)} are not all known")


PLAIN = Layout()
"""Several genres as several values wherever the format can, and no version changed."""

_ID3_LISTS = Layout(id3_lists=True)

PLAYERS: Mapping[str, Layout] = MappingProxyType(
    {
        # Reads lists by TagLib and splits joined texts itself (resources/mappings.yaml).
        "navidrome": PLAIN,
        # Reads lists by ATL; splits joined texts only if asked to (UseCustomTagDelimiters).
        "jellyfin": _ID3_LISTS,
        # Reads lists by TagLib; splits texts on " / " alone (TagLoaderTagLib.cpp,
        # CMusicInfoTag::SetGenre), which no player-safe name may hold.
        "kodi": _ID3_LISTS,
        # Takes each string of an ID3 text frame for a value, and splits none (Id3Scan.cxx). Leaves
        # ASF to FFmpeg, which shows the last of several values.
        "mpd": Layout(id3_lists=True, joined=frozenset({"ASF"})),
        # One genre field; of several data atoms it shows the first alone
        # (https://mutagen-specs.readthedocs.io/en/latest/mp4/, measured with iTunes 11.4).
        "itunes": Layout(joined=frozenset({"MP4", "ID3v2"})),
        # Reads and keeps the first data atom alone (the same page, foobar2000 1.3.3).
        "foobar2000": Layout(id3_lists=True, joined=frozenset({"MP4"})),
    }
)
"""Layouts by the names of players on the command line."""
