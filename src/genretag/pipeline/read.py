"""Stage 3: read the tags of a file."""

from dataclasses import replace
from pathlib import Path

from genretag import tags
from genretag.audio import decode
from genretag.domain.track import Track
from genretag.errors import Code, FileError, read_error
from genretag.library import files
from genretag.library.walk import AUDIO_SUFFIXES

_FILM_CONTAINERS = ("MP4", "ASF")
"""Containers that hold music or films."""


def read(path: Path) -> Track:
    """Return the track at `path`; where there are no tags, FFmpeg says whether it is audio.

    What is no audio and does not look like it is a track all the same, without a container.

    Raises:
        FileError: the file cannot be read, or is broken.
    """
    try:
        stamp = files.read_stamp(path)
        return replace(_read_tags(path), stamp=stamp)
    except OSError as error:
        raise read_error(path, error) from error
    except FileError as error:
        if error.code is Code.NOT_AUDIO and path.suffix.casefold() not in AUDIO_SUFFIXES:
            return Track(path, None, stamp=stamp, is_audio=False)
        raise


def _read_tags(path: Path) -> Track:
    try:
        track = tags.read(path)
    except FileError as error:
        if error.code is Code.TAGS_UNREADABLE:
            decode.read_duration_s(path)
        raise
    if track.container is None:
        decode.read_duration_s(path)
    return track


def with_video(track: Track) -> Track:
    """Return `track` with what its file says of moving pictures; FileError as `read`."""
    film = track.container in _FILM_CONTAINERS and decode.has_video(track.path)
    return replace(track, has_video=film)
