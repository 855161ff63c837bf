"""What players show of the genres in a file.

By their sources and documentation; none of them was run. Where a file has several tags, the first
with a genre counts, though some players stop at the first tag.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from genretag.domain.layout import TagFormat
from genretag.domain.stored import StoredTag


@dataclass(frozen=True)
class Player:
    """How a player reads genres.

    Attributes:
        name: of the player.
        splits: a regular expression at which it takes a text apart; none if it does not.
        first: the formats of whose values it shows the first alone.
        reads: the containers that it plays; all that genretag can tag if there are none.
        ignores: the formats of tags that it does not read.
    """

    name: str
    splits: str = ""
    first: frozenset[TagFormat] = frozenset()
    reads: frozenset[str] = frozenset()
    ignores: frozenset[TagFormat] = frozenset()

    def shows(self, container: str, tags: Sequence[StoredTag]) -> tuple[str, ...]:
        """The genres that it shows of a file with these tags, each once."""
        if self.reads and container not in self.reads:
            return ()
        read = (tag for tag in tags if tag.names and tag.format not in self.ignores)
        tag = next(read, None)
        if tag is None:
            return ()
        names = tag.names[:1] if tag.format in self.first else tag.names
        parts = (part.strip() for name in names for part in self._parts(name))
        return tuple(dict.fromkeys(part for part in parts if part))

    def _parts(self, name: str) -> list[str]:
        return re.split(self.splits, name) if self.splits else [name]


PLAYERS: tuple[Player, ...] = (
    # TagLib gives all values; resources/mappings.yaml splits them.
    Player("Navidrome", splits="[;/,]"),
    # ATL gives all values; texts are split only if UseCustomTagDelimiters is set, which by
    # default it is not (MediaBrowser.Providers/MediaInfo/AudioFileProber.cs).
    Player("Jellyfin"),
    # TagLoaderTagLib.cpp reads no ID3v1, and CMusicInfoTag::SetGenre splits on " / ".
    Player("Kodi", splits=" / ", ignores=frozenset({"ID3v1"})),
    # One field; of several atoms the first (mutagen-specs.readthedocs.io/en/latest/mp4).
    Player(
        "iTunes",
        first=frozenset({"MP4", "ID3v2"}),
        reads=frozenset({"MP3", "AAC", "MP4", "WAV", "AIFF"}),
        ignores=frozenset({"APEv2"}),
    ),
    # Each string of an ID3 frame is a value (src/tag/Id3Scan.cxx); MP4 and ASF are read by
    # FFmpeg, which keeps the first value.
    Player("MPD", first=frozenset({"MP4", "ASF"})),
    # It keeps the first atom of MP4 (the page on mutagen-specs).
    Player("foobar2000", first=frozenset({"MP4"})),
)
"""The players that `layout.PLAYERS` knows."""
