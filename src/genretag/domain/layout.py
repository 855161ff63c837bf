"""How genres are laid out in the tags, and which layout a player shows right."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

Id3Version = Literal["keep", "v2.4", "v2.3"]
TagFormat = Literal["ID3v2", "ID3v1", "APEv2", "Vorbis comments", "MP4", "ASF", "RIFF INFO"]
"""The kinds of tag that can hold a genre."""


@dataclass(frozen=True)
class Layout:
    """How genres are stored where a format leaves a choice.

    `id3` is the version that ID3v2 tags get, their own by default. Tags of the formats in
    `joined` hold several genres as one text, `; ` between them, instead of as several
    values. `fix_stale` also updates second tags that would go on showing another genre.
    """

    id3: Id3Version = "keep"
    joined: frozenset[TagFormat] = frozenset()
    fix_stale: bool = False

    def __post_init__(self) -> None:
        if self.id3 not in get_args(Id3Version):
            raise ValueError(f"ID3 version {self.id3!r} is none of {get_args(Id3Version)}")
        if not self.joined <= set(get_args(TagFormat)):
            raise ValueError(f"tag formats {set(self.joined)} are not all known")


PLAIN = Layout()
"""Several genres as several values wherever the format can, and no version changed."""

PLAYERS: Mapping[str, Layout] = MappingProxyType({})
