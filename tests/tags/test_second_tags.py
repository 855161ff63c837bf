"""Tags beside the one where a genre belongs: found, told, and updated on request."""

from pathlib import Path

import pytest
from fixtures import empty, frame, full, id3, payload, with_id3
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from one_shot import other_fields, raw_genres, restore, stale_tags
from readers import READERS

from genretag import tags
from genretag.domain.layout import Layout
from genretag.tags import StaleTag

FIX = Layout(fix_stale=True)


def _with_apev2(path: Path, **items: str) -> Path:
    tag = APEv2()
    for key, value in items.items():
        tag[key] = value
    tag.save(path)
    return path


def _mp3(folder: Path) -> Path:
    """An MP3 file with ID3v2 that says Rock and APEv2 that says Blues."""
    path = with_id3(empty("MP3", folder), "MP3", id3(frame(b"TCON", b"\0Rock")))
    return _with_apev2(path, Genre="Blues", Title="Title")


def test_apev2_on_mp3_is_found_and_left_alone(tmp_path: Path) -> None:
    path = _mp3(tmp_path)
    assert tags.read(path).genres == ("Rock",)
    assert stale_tags(path) == (StaleTag("APEv2", ("Blues",)),)
    tags.write(path, ("Jazz",))
    assert APEv2(path)["Genre"] == "Blues"
    assert stale_tags(path) == (StaleTag("APEv2", ("Blues",)),)


def test_apev2_on_mp3_is_updated_on_request(tmp_path: Path) -> None:
    path = _mp3(tmp_path)
    before, sound = raw_genres(path), payload(path, "MP3")
    tags.write(path, ("Jazz",), FIX)
    assert dict(APEv2(path)) == {"Genre": "Jazz", "Title": "Title"}
    assert stale_tags(path) == ()
    assert payload(path, "MP3") == sound
    restore(path, before)
    assert raw_genres(path) == before
    assert APEv2(path)["Genre"] == "Blues"


def test_what_a_write_would_leave_stale_is_told_before(tmp_path: Path) -> None:
    path = _mp3(tmp_path)
    assert stale_tags(path, ("Jazz",)) == (StaleTag("APEv2", ("Blues",)),)
    assert stale_tags(path, ("blues",)) == ()
    assert stale_tags(path, ("Jazz",), FIX) == ()


def test_taking_the_genre_out_takes_it_out_of_every_tag(tmp_path: Path) -> None:
    path = _mp3(tmp_path)
    tags.write(path, ())
    assert tags.read(path).genres == ()
    assert stale_tags(path) == ()


def test_a_genre_in_apev2_alone_counts_and_is_replaced_there_too(tmp_path: Path) -> None:
    path = _with_apev2(empty("MP3", tmp_path), Genre="Blues", Title="Title")
    before = raw_genres(path)
    assert tags.read(path).genres == ("Blues",)
    tags.write(path, ("Jazz",))
    assert APEv2(path)["Genre"] == "Jazz"
    assert not path.read_bytes().startswith(b"ID3")
    restore(path, before)
    assert raw_genres(path) == before


def test_apev2_with_nothing_but_loudness_gets_the_genre_as_players_read_it(tmp_path: Path) -> None:
    path = _with_apev2(empty("MP3", tmp_path), Replaygain_Track_Gain="-6 dB")
    tags.write(path, ("Jazz",))
    assert dict(APEv2(path)) == {"Replaygain_Track_Gain": "-6 dB", "Genre": "Jazz"}
    assert not path.read_bytes().startswith(b"ID3")


def test_apev2_before_id3v1_keeps_its_place(tmp_path: Path) -> None:
    path = full("MP3", tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:-128])
    _with_apev2(path, Genre="Blues")
    path.write_bytes(path.read_bytes() + data[-128:])
    others = other_fields(path)
    tags.write(path, ("Jazz",), FIX)
    assert path.read_bytes()[-128:] == data[-128:-1] + b"\x08"
    assert APEv2(path)["Genre"] == "Jazz"
    assert other_fields(path) == others


def _flac_with_id3(folder: Path) -> Path:
    return with_id3(full("FLAC", folder), "FLAC", id3(frame(b"TCON", b"\0Blues"), padding=50))


def test_id3_on_flac_is_kept_and_found(tmp_path: Path) -> None:
    path = _flac_with_id3(tmp_path)
    prefix = path.read_bytes()[:80]
    tags.write(path, ("Jazz",))
    assert path.read_bytes()[:80] == prefix
    assert FLAC(path)["genre"] == ["Jazz"]
    assert stale_tags(path) == (StaleTag("ID3v2", ("Blues",)),)


def test_id3_on_flac_is_updated_on_request(tmp_path: Path) -> None:
    path = _flac_with_id3(tmp_path)
    sound = payload(path, "FLAC")
    tags.write(path, ("Jazz", "Pop"), FIX)
    assert stale_tags(path) == ()
    assert str(ID3(path)["TCON"]) == "Jazz; Pop"
    assert FLAC(path)["genre"] == ["Jazz", "Pop"]
    assert payload(path, "FLAC") == sound


def test_id3_on_flac_counts_where_the_comments_have_no_genre(tmp_path: Path) -> None:
    path = with_id3(empty("FLAC", tmp_path), "FLAC", id3(frame(b"TCON", b"\0(0)")))
    assert tags.read(path).genres == ("Blues",)


def _with_info(path: Path, *texts: tuple[bytes, bytes]) -> Path:
    parts = b"".join(
        name + len(t).to_bytes(4, "little") + t + bytes(len(t) % 2) for name, t in texts
    )
    chunk = b"LIST" + (4 + len(parts)).to_bytes(4, "little") + b"INFO" + parts
    data = path.read_bytes() + chunk
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    return path


def test_riff_info_follows_where_it_has_a_genre(tmp_path: Path) -> None:
    path = _with_info(empty("WAV", tmp_path), (b"INAM", b"T\xeftle\0"), (b"IGNR", b"Blues\0"))
    before, others, sound = raw_genres(path), other_fields(path), payload(path, "WAV")
    assert tags.read(path).genres == ("Blues",)
    tags.write(path, ("Jazz", "Pop"))
    assert b"IGNR\x0a\0\0\0Jazz; Pop\0" in path.read_bytes()
    assert stale_tags(path) == ()
    assert other_fields(path) == others
    assert payload(path, "WAV") == sound
    restore(path, before)
    assert raw_genres(path) == before


def test_riff_info_alone_gets_the_genre_as_players_read_it(tmp_path: Path) -> None:
    path = _with_info(empty("WAV", tmp_path), (b"INAM", b"Title\0"))
    before = raw_genres(path)
    tags.write(path, ("Jazz",))
    assert b"IGNR\5\0\0\0Jazz\0" in path.read_bytes()
    assert b"id3 " not in path.read_bytes()
    restore(path, before)
    assert raw_genres(path) == before


def test_riff_info_is_never_made(tmp_path: Path) -> None:
    path = empty("WAV", tmp_path)
    tags.write(path, ("Jazz",))
    assert b"INFO" not in path.read_bytes()


@pytest.mark.parametrize("both", [True, False])
def test_tta_keeps_the_tag_that_it_has(both: bool, tmp_path: Path) -> None:
    path = with_id3(empty("TTA", tmp_path), "TTA", id3(frame(b"TCON", b"\0Rock")))
    if both:
        _with_apev2(path, Genre="Blues")
    tags.write(path, ("Jazz",))
    assert ID3(path)["TCON"].genres == ["Jazz"]
    assert stale_tags(path) == ()


@pytest.mark.parametrize("items", [{"Encoder": "Lavf"}, {"Title": "Title", "Genre": "Blues"}])
def test_tta_with_apev2_shows_the_genre_to_those_who_read_it_and_to_those_who_do_not(
    items: dict[str, str], tmp_path: Path
) -> None:
    path = _with_apev2(empty("TTA", tmp_path), **items)
    before, content = raw_genres(path), path.read_bytes()
    tags.write(path, ("Jazz",))
    assert [read(path) for read in READERS.values()] == [["Jazz"]] * len(READERS)
    assert dict(APEv2(path)) == {**items, "Genre": "Jazz"}
    restore(path, before)
    assert path.read_bytes() == content
