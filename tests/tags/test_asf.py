"""Several genres in WMA are shown in their order, by whom they were written."""

from pathlib import Path

import pytest
import taglib
from fixtures import empty, full
from mutagen.asf import ASF
from one_shot import other_fields, raw_genres, restore
from readers import by_mutagen, by_taglib

from genretag import tags
from genretag.domain.layout import PLAYERS

GENRES = ("Rock", "Jazz", "Pop", "Blues")


def by_others(name: str, folder: Path) -> Path:
    """A file whose genres mutagen or TagLib has written."""
    path = empty("ASF", folder)
    if name == "mutagen":
        audio = ASF(path)
        audio["WM/Genre"] = ["Old", "Older", "Oldest"]
        audio.save()
    else:
        with taglib.File(path, save_on_exit=True) as file:
            file.tags["GENRE"] = ["Old", "Older", "Oldest"]
    return path


@pytest.mark.parametrize("origin", ["empty", "full", "mutagen", "TagLib"])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_taglib_and_mutagen_show_genres_in_the_order_written(
    origin: str, count: int, tmp_path: Path
) -> None:
    makers = {"empty": empty, "full": full}
    path = makers[origin]("ASF", tmp_path) if origin in makers else by_others(origin, tmp_path)
    before, others, shown = raw_genres(path), other_fields(path), by_taglib(path)
    tags.write(path, GENRES[:count])
    assert by_taglib(path) == by_mutagen(path) == list(GENRES[:count])
    assert other_fields(path) == others
    written = raw_genres(path)
    restore(path, before, written)
    assert raw_genres(path) == before and other_fields(path) == others
    assert by_taglib(path) == shown


def test_mpd_which_leaves_wma_to_ffmpeg_gets_one_text(tmp_path: Path) -> None:
    path = empty("ASF", tmp_path)
    tags.write(path, GENRES[:2], PLAYERS["mpd"])
    assert by_taglib(path) == ["Rock; Jazz"]
