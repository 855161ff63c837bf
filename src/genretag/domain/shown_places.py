"""The places beside the genre that players show.

Taken from the sources of players where these are open: comments name the files. iTunes and
foobar2000 have no open sources.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from genretag.domain.places import COMMENT, GENRE, GROUPING, Place

ALL_FIELDS = "every field"

SHOWN: Mapping[str, Mapping[Place, str]] = MappingProxyType(
    {
        # resources/mappings.yaml: comment, and grouping from GRP1. Other fields need an entry
        # of the person's own among its custom tags.
        "navidrome": {GROUPING: "", COMMENT: ""},
        # MediaBrowser.Providers/MediaInfo/AudioFileProber.cs takes neither from ATL.
        "jellyfin": {},
        # xbmc/music/tags/TagLoaderTagLib.cpp: the COMM without a description; no grouping. Styles
        # of albums and artists come from scrapers and NFO files.
        "kodi": {COMMENT: ""},
        # src/tag/Id3Scan.cxx has TIT1 for Grouping; src/tag/Settings.cxx leaves Comment out.
        "mpd": {
            GROUPING: "except that of an ID3 tag in GRP1, as it looks into TIT1 alone",
            COMMENT: "only if metadata_to_use in mpd.conf names it",
        },
        # Columns and the file's information; the grouping of ID3 is GRP1 (jaudiotagger, issue 180).
        "itunes": {GROUPING: "", COMMENT: ""},
        # Properties list all fields; a column is %style%.
        "foobar2000": {ALL_FIELDS: "in Properties, and in columns that you add"},
    }
)
"""By the names of players on the command line: places, and a limit to that if there is one."""


def warn_hidden(places: Iterable[Place], player: str | None) -> Iterator[str]:
    """Yield what a person should know of `places` that `player`, or no player, shows."""
    for place in places:
        if place == GENRE:
            continue
        if player is None:
            if not any(place in shown for shown in SHOWN.values()):
                yield (
                    f"Of the players that --for knows, only foobar2000 shows {place} by itself; "
                    "see the table of fields in the documentation."
                )
        elif ALL_FIELDS not in SHOWN[player]:
            limit = SHOWN[player].get(place)
            if limit is None:
                yield f"{player} does not show {place}."
            elif limit:
                yield f"{player} shows {place} {limit}."
