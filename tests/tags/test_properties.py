"""Whatever else is in the tags of a file, and whatever is done to its genre, it stays."""

import string
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mutagen
import mutagen.id3
import pytest
from fixtures import COMMENT_FILES, ID3_FILES, MP4_FILES, empty, full, payload
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.mp4 import MP4, MP4FreeForm
from one_shot import fields_after_write, other_fields, raw_genres, restore
from readers import FILES

from genretag import tags
from genretag.domain.genre import fold_name
from genretag.domain.layout import Layout
from genretag.errors import GenretagError

EXAMPLES = 12
relaxed = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)
keys = st.text(string.ascii_letters, min_size=3, max_size=12).filter(
    lambda key: key.lower() not in ("genre", "tag", "id3", "mp+", "oggs")
)
tag_sets = st.dictionaries(keys, st.lists(texts, min_size=1, max_size=3), max_size=6)
# Names that split in no format: what splits them is a matter of player_safe.
names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0;/", exclude_categories=("Cc", "Zs", "Nd")),
    min_size=1,
    max_size=40,
).filter(lambda name: name == name.strip() and name not in ("RX", "CR"))
genre_lists = st.lists(names, max_size=5, unique_by=fold_name)


def fill(path: Path, name: str, found: Mapping[str, list[str]]) -> None:
    """Write random tags with mutagen."""
    if name in ID3_FILES:
        _fill_id3(path, name, found)
    elif name in COMMENT_FILES or name == "ASF":
        audio: Any = ASF(path) if name == "ASF" else mutagen.File(path)
        if audio.tags is None:
            audio.add_tags()
        for key, values in found.items():
            audio[key] = values
        audio.save()
    elif name in MP4_FILES:
        mp4 = MP4(path)
        for key, values in found.items():
            mp4[f"----:com.apple.iTunes:{key}"] = [MP4FreeForm(v.encode()) for v in values]
        mp4["\xa9nam"] = next(iter(found.values()), ["x"])
        mp4.save()
    else:
        ape = APEv2()
        for key, values in found.items():
            ape[key] = values
        if found:
            ape.save(path)


def _fill_id3(path: Path, name: str, found: Mapping[str, list[str]]) -> None:
    frames = [mutagen.id3.TXXX(1, key, values) for key, values in found.items()]
    if name in ("WAV", "AIFF", "DSF"):
        audio: Any = mutagen.File(path)
        audio.add_tags()
        tag = audio.tags
    else:
        tag = mutagen.id3.ID3()
    for frame in frames:
        tag.add(frame)
    if frames:
        tag.save(path, v2_version=3)


@pytest.mark.parametrize("name", FILES)
@given(found=tag_sets, genres=genre_lists)
@relaxed
def test_everything_but_the_genre_stays(
    name: str, found: dict[str, list[str]], genres: list[str]
) -> None:
    with TemporaryDirectory() as folder:
        path = empty(name, Path(folder))
        fill(path, name, found)
        before, others, sound = raw_genres(path), other_fields(path), payload(path, name)
        tags.write(path, genres)
        assert other_fields(path) == others
        assert payload(path, name) == sound
        assert tags.read(path).genres == tuple(genres)
        restore(path, before)
        assert raw_genres(path) == before
        assert other_fields(path) == others
        assert payload(path, name) == sound


@pytest.mark.parametrize("major", ["v2.3", "v2.4"])
@given(found=tag_sets, genres=genre_lists)
@relaxed
def test_a_change_of_version_is_undone_exactly(
    major: Any, found: dict[str, list[str]], genres: list[str]
) -> None:
    with TemporaryDirectory() as folder:
        path, layout = empty("MP3", Path(folder)), Layout(id3=major)
        tag = mutagen.id3.ID3()
        for key, values in found.items():
            tag.add(mutagen.id3.TXXX(3, key, values))
            tag.add(mutagen.id3.TPE1(3, values))
            tag.add(mutagen.id3.COMM(3, "eng", key, values[:1]))
        tag.save(path, v2_version=4 if major == "v2.3" else 3, v23_sep=None)
        before, others = raw_genres(path, layout), other_fields(path)
        expected = fields_after_write(path, genres, layout)
        tags.write(path, genres, layout)
        assert other_fields(path) == expected
        restore(path, before)
        assert raw_genres(path, layout) == before
        assert other_fields(path) == others


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@settings(relaxed, max_examples=25)
def test_damage_is_told_and_never_made_worse(name: str, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = full(name, Path(folder))
        damaged = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        if data.draw(st.booleans()):
            del damaged[data.draw(st.integers(0, len(damaged))) :]
        path.write_bytes(damaged)
        try:
            others = fields_after_write(path, ["Rock", "Pop"])
            tags.write(path, ["Rock", "Pop"])
        except GenretagError:
            assert path.read_bytes() == damaged
        else:
            assert other_fields(path) == others
            assert tags.read(path).genres == ("Rock", "Pop")


@given(names=st.lists(st.text(max_size=30), max_size=4))
@relaxed
@pytest.mark.parametrize("name", ["MP3", "FLAC", "MP4", "ASF", "WavPack", "WAV"])
def test_no_text_breaks_a_file(name: str, names: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = full(name, Path(folder))
        others = other_fields(path)
        tags.write(path, names)
        assert other_fields(path) == others
        tags.read(path)


def test_half_characters_are_written_as_question_marks(tmp_path: Path) -> None:
    path = empty("FLAC", tmp_path)
    tags.write(path, ["Ro\udc80ck", "\ud800"])
    assert tags.read(path).genres == ("Ro?ck", "?")
