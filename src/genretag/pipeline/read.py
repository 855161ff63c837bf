"""Stage 3: read the tags of a file."""

from collections.abc import Iterable
from dataclasses import replace

from genretag.audio import decode
from genretag.domain.outcome import Outcome
from genretag.domain.places import GENRE, Place
from genretag.domain.selection import Selection
from genretag.domain.track import Track
from genretag.errors import Code, FileError
from genretag.library.walk import AUDIO_SUFFIXES
from genretag.tags import TaggedFile

_FILM_CONTAINERS = ("MP4", "ASF")
"""Containers that hold music or films."""


def read(file: TaggedFile, places: Iterable[Place] = (GENRE,)) -> Track:
    """Return the track in `file`; where there are no tags, FFmpeg says whether it is audio.

    What is no audio and does not look like it is a track all the same, without a container.

    Raises:
        FileError: the file cannot be read, or is broken.
    """
    try:
        return read_places(_read_tags(file), file, places)
    except FileError as error:
        if error.code is Code.NOT_AUDIO and file.path.suffix.casefold() not in AUDIO_SUFFIXES:
            return Track(file.path, None, is_audio=False)
        raise


def read_places(track: Track, file: TaggedFile, places: Iterable[Place]) -> Track:
    """Return `track` with what it has at `places`, which is read only where these are asked for."""
    others = [place for place in places if place != GENRE]
    if not others or track.container is None:
        return track
    return replace(track, fields=file.values(others), no_room=file.missing_room(others))


def _read_tags(file: TaggedFile) -> Track:
    try:
        track = file.track
    except FileError as error:
        if error.code is Code.TAGS_UNREADABLE:
            decode.read_duration_s(file.path)
        raise
    if track.container is None:
        decode.read_duration_s(file.path)
    return track


def select(track: Track, selection: Selection) -> tuple[Track, Outcome | None]:
    """Return `track`, and its outcome if it need not be scored; FileError as `read`.

    Only where it matters the track is told what its file says of moving pictures.
    """
    outcome = selection.exclude(track)
    if outcome is None:
        track = _detect_video(track)
        outcome = selection.exclude(track)
    return track, outcome


def _detect_video(track: Track) -> Track:
    film = track.container in _FILM_CONTAINERS and decode.has_video(track.path)
    return replace(track, has_video=film)
