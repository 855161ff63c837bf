"""Clips under the names that a head gives their genres."""

import re
from dataclasses import replace
from pathlib import Path

from genretag_train.data.dataset import Clip, read_clips, select_genres
from genretag_train.transfer.head_config import HeadConfig


def read_named_clips(data: Path, config: HeadConfig) -> tuple[list[Clip], dict[str, int]]:
    """Read all clips under the names of `config`, and the rare genres with their sizes.

    Raises:
        UsageError: there is no such file or folder.
        RunError: `bad-dataset`.
    """
    words = (
        {clip.name: clip.genre for clip in read_clips(data, config.words_column)}
        if config.words
        else {}
    )
    clips = [
        replace(clip, genre=_name_genre(clip.genre, words.get(clip.name, ""), config))
        for clip in read_clips(data, config.label_column)
    ]
    return clips, select_genres(clips, config.min_tracks, config.min_groups)[1]


def _name_genre(genre: str, label: str, config: HeadConfig) -> str:
    words = set(re.findall(r"\w+", label.casefold()))
    closer = next(
        (other for word, other in config.words.get(genre, {}).items() if word in words), genre
    )
    return config.renames.get(closer, closer)
