"""Tags that somebody appended to a file are no sound, and no tag that is written costs them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures import FIXTURES, empty, full
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from one_shot import audio_span, fields_after_write, other_fields, raw_genres, restore, stale_tags
from readers import FILES, by_taglib

from genretag import tags
from genretag.audio import audio_digest
from genretag.domain.layout import Layout

ID3V1 = b"TAG" + b"Title".ljust(30, b"\0") + bytes(94) + bytes([17])
LYRICS = b"LYRICSBEGIN" + b"IND0000200EAL00003abc"


def _with_id3v1(path: Path) -> None:
    path.write_bytes(path.read_bytes() + ID3V1)


def _with_apev2(path: Path) -> None:
    tag = APEv2()
    tag["Genre"], tag["Title"] = "Blues", "Title"
    tag.save(path)


def _with_lyrics3v2(path: Path) -> None:
    path.write_bytes(path.read_bytes() + LYRICS + b"%06dLYRICS200" % len(LYRICS))


def _with_lyrics3v1(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"LYRICSBEGINsome wordsLYRICSEND")


Append = Callable[[Path], None]

TAILS: dict[str, tuple[Append, ...]] = {
    "ID3v1": (_with_id3v1,),
    "APEv2": (_with_apev2,),
    "APEv2, ID3v1": (_with_apev2, _with_id3v1),
    "Lyrics3v1, ID3v1": (_with_lyrics3v1, _with_id3v1),
    "Lyrics3v2, ID3v1": (_with_lyrics3v2, _with_id3v1),
    "APEv2, Lyrics3v2, ID3v1": (_with_apev2, _with_lyrics3v2, _with_id3v1),
    "Lyrics3v2, APEv2, ID3v1": (_with_lyrics3v2, _with_apev2, _with_id3v1),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("fixture", ["empty", "full"])
@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("fix_stale", [False, True])
def test_a_file_with_tags_behind_it_is_tagged_and_keeps_them(
    name: str, fixture: str, tail: str, fix_stale: bool, tmp_path: Path
) -> None:
    path, layout = FIXTURES[fixture](name, tmp_path), Layout(fix_stale=fix_stale)
    for append in TAILS[tail]:
        append(path)
    before = Path(shutil.copy(path, tmp_path / "before"))
    kept, others = raw_genres(path, layout), fields_after_write(path, ("Jazz",), layout)
    tags.write(path, ("Jazz",), layout)
    assert tags.read(path).genres == ("Jazz",)
    assert other_fields(path) == others
    assert audio_digest.same_audio(path, before, audio_span)
    for sign in (ID3V1[:-1], LYRICS, b"some wordsLYRICSEND", b"Title\0Title"):
        assert path.read_bytes().count(sign) >= before.read_bytes().count(sign)
    restore(path, kept)
    assert other_fields(path) == other_fields(before)
    assert audio_digest.same_audio(path, before, audio_span)


@pytest.mark.parametrize("tail", TAILS)
def test_a_flac_file_without_comments_is_tagged_whatever_is_behind_it(
    tail: str, tmp_path: Path
) -> None:
    path = empty("FLAC", tmp_path)
    FLAC(path).delete()
    for append in TAILS[tail]:
        append(path)
    before = Path(shutil.copy(path, tmp_path / "before.flac"))
    tags.write(path, ("Jazz",))
    assert by_taglib(path) == ["Jazz"] and FLAC(path)["genre"] == ["Jazz"]
    assert tags.read(path).genres == ("Jazz",) and stale_tags(path) == ()
    assert audio_digest.same_audio(path, before, audio_span)


@pytest.mark.parametrize("tail", TAILS)
def test_the_sound_of_a_flac_file_ends_where_its_tags_begin(tail: str, tmp_path: Path) -> None:
    path = full("FLAC", tmp_path)
    sound = audio_span(path)
    for append in TAILS[tail]:
        append(path)
    span = audio_span(path)
    assert sound and span and span[0] == sound[0]
    if not tail.startswith("Lyrics3"):
        assert span == sound
