"""ID3 tags keep their version and every frame, byte for byte."""

from pathlib import Path

import mutagen.id3
import pytest
from fixtures import ID3_FILES, UNDECODABLE, empty, frame, full, id3, payload, with_id3
from mutagen.id3 import ID3
from one_shot import fields_after_write, other_fields, raw_genres, restore, write_costs

from genretag import tags
from genretag.domain.layout import Layout
from genretag.errors import FileError

TITLE = frame(b"TIT2", b"\0Title")
V22 = (b"TT2\0\0\6\0Title", b"TCO\0\0\5\0(17)", b"XYZ\0\0\3abc")


@pytest.mark.parametrize("name", ID3_FILES)
@pytest.mark.parametrize("major", [2, 3, 4])
def test_a_tag_keeps_its_version(name: str, major: int, tmp_path: Path) -> None:
    parts = V22 if major == 2 else (TITLE,)
    path = with_id3(empty(name, tmp_path), name, id3(*parts, major=major))
    tags.write(path, ("Jazz", "Café 摇滚"))
    data = path.read_bytes()
    assert b"ID3" + bytes((major, 0)) in data
    assert all(part in data for part in parts if b"TCO" not in part)
    assert tags.read(path).genres == ("Jazz", "Café 摇滚")


def test_frames_that_do_not_decode_stay_as_they_are(tmp_path: Path) -> None:
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(*UNDECODABLE))
    tags.write(path, ("Jazz",))
    expected = b"".join(UNDECODABLE).replace(
        frame(b"TCON", b"\0Old Genre"), frame(b"TCON", b"\0Jazz")
    )
    assert path.read_bytes()[10:].startswith(expected)


def test_the_frames_of_v23_survive(tmp_path: Path) -> None:
    path = full("MP3", tmp_path)
    tags.write(path, ("Jazz",))
    assert {"TYER", "TDAT", "TSIZ", "IPLS"} <= set(ID3(path, translate=False))


def test_padding_is_used_before_the_file_grows(tmp_path: Path) -> None:
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(TITLE, padding=200))
    size = path.stat().st_size
    tags.write(path, ("Rock", "Pop"))
    assert path.stat().st_size == size
    tags.write(path, ("x" * 400,))
    assert path.stat().st_size > size
    grown = path.stat().st_size
    tags.write(path, ("Rock",))
    assert path.stat().st_size == grown


def test_a_tag_that_fits_exactly_stays_in_place(tmp_path: Path) -> None:
    genre = frame(b"TCON", b"\0Rock")
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(TITLE, genre))
    size = path.stat().st_size
    tags.write(path, ("Jazz",))
    assert path.stat().st_size == size


def test_bytes_after_the_padding_survive(tmp_path: Path) -> None:
    path = with_id3(
        empty("MP3", tmp_path), "MP3", id3(TITLE, bytes(20), b"left behind", padding=100)
    )
    tags.write(path, ("Jazz",))
    assert bytes(20) + b"left behind" in path.read_bytes()
    assert tags.read(path).genres == ("Jazz",)


def test_an_unsynchronised_tag_is_written_without_it_as_ffmpeg_reads_it_so(tmp_path: Path) -> None:
    raw_frame = frame(b"PRIV", b"x\0\xff\xe0\xff\0\xff")
    body = raw_frame.replace(b"\xff\xe0", b"\xff\0\xe0").replace(b"\xff\0\xff", b"\xff\0\0\xff\0")
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(body, flags=0x80))
    assert ID3(path).getall("PRIV")[0].data == b"\xff\xe0\xff\0\xff"
    tags.write(path, ("ÿÿþ",))
    assert path.read_bytes()[5] == 0
    assert ID3(path).getall("PRIV")[0].data == b"\xff\xe0\xff\0\xff"
    assert ID3(path)["TCON"].genres == ["ÿÿþ"]
    assert tags.read(path).genres == ("ÿÿþ",)


def test_an_extended_header_is_left_out_and_its_frames_stay(tmp_path: Path) -> None:
    extended = (10).to_bytes(4, "big") + b"\x80\0" + bytes(4) + b"\xde\xad\xbe\xef"
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(extended, TITLE, flags=0x40))
    tags.write(path, ("Jazz",))
    assert ID3(path)["TIT2"] == "Title"
    assert tags.read(path).genres == ("Jazz",)


def test_sizes_that_are_not_syncsafe_in_v24_are_understood(tmp_path: Path) -> None:
    long = frame(b"TIT2", b"\3" + b"x" * 300)
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(long, frame(b"TCON", b"\3Rock"), major=4))
    assert tags.read(path).genres == ("Rock",)
    tags.write(path, ("y" * 200, "Jazz"))
    assert long in path.read_bytes()
    assert tags.read(path).genres == ("y" * 200, "Jazz")


@pytest.mark.parametrize("genres", [("Rock",), ("Rock", "Pop")])
def test_a_new_tag_is_v23_unless_it_needs_a_list(genres: tuple[str, ...], tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    tags.write(path, genres)
    assert ID3(path, translate=False).version == (2, 4 if len(genres) > 1 else 3, 0)


def test_a_new_tag_goes_away_again(tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    data, before = path.read_bytes(), raw_genres(path)
    tags.write(path, ("Rock",))
    restore(path, before)
    assert path.read_bytes() == data


def test_a_new_tag_that_others_added_to_stays(tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    before = raw_genres(path)
    tags.write(path, ("Rock",))
    tag = ID3(path)
    tag.add(mutagen.id3.TIT2(3, ["Title"]))
    tag.save(path)
    restore(path, before)
    assert set(ID3(path)) == {"TIT2"}


def _id3v1(genre: int, year: bytes = b"1999") -> bytes:
    head = b"TAG" + b"Title".ljust(30, b"\0") + b"Artist".ljust(30) + b"Album".ljust(30, b"\0")
    return head + year + b"Comment".ljust(28, b"\0") + bytes([0, 7, genre])


def test_id3v1_is_never_created(tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    tags.write(path, ("Rock",))
    assert path.read_bytes()[-128:-125] != b"TAG"


@pytest.mark.parametrize(("genre", "number"), [("Rock", 17), ("hip hop", 7), ("Synthwave", 255)])
def test_id3v1_is_updated_where_it_exists(genre: str, number: int, tmp_path: Path) -> None:
    path = full("MP3", tmp_path)
    before = path.read_bytes()[-128:]
    tags.write(path, (genre,))
    assert path.read_bytes()[-128:] == before[:-1] + bytes([number])


def test_a_genre_in_id3v1_alone_counts(tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    path.write_bytes(path.read_bytes() + _id3v1(17))
    assert tags.read(path).genres == ("Rock",)


@pytest.mark.parametrize("genres", [("Jazz",), ("Jazz", "Pop")])
def test_a_new_tag_repeats_what_id3v1_says(genres: tuple[str, ...], tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    path.write_bytes(path.read_bytes() + _id3v1(17))
    data, before, others = path.read_bytes(), raw_genres(path), fields_after_write(path, genres)
    assert "texts of its ID3v1 tag are copied" in write_costs(path, genres)[0]
    tags.write(path, genres)
    tag = ID3(path, load_v1=False)
    assert [str(tag[key]) for key in ("TIT2", "TPE1", "TALB", "TDRC", "TRCK")] == [
        "Title", "Artist", "Album", "1999", "7",
    ]  # fmt: skip
    assert other_fields(path) == others
    restore(path, before)
    assert path.read_bytes() == data


V24, V23, LISTS = Layout(id3="v2.4"), Layout(id3="v2.3"), Layout(id3_lists=True)


def _v24(path: Path) -> Path:
    of = mutagen.id3
    tag = ID3()
    for item in (
        of.TIT2(3, ["Tïtle 摇滚"]), of.TPE1(3, ["Ä", "B"]), of.TDRC(3, ["2004-05-06T12:34:56"]),
        of.TSOP(3, ["sört"]), of.TIPL(3, [["mix", "Ä"]]), of.TMCL(3, [["bass", "B"]]),
        of.TCON(3, ["Rock", "Pop"]), of.APIC(3, "image/png", 3, "é", b"\x89PNG" * 99),
        of.COMM(2, "eng", "é", ["ö"]), of.TXXX(3, "é", ["ö", "ü"]),
        of.CHAP("a", 0, 9, 0, 0, sub_frames=[of.TIT2(3, ["é" * 99])]),
    ):  # fmt: skip
        tag.add(item)
    tag.save(path, v2_version=4)
    return path


@pytest.mark.parametrize("layout", [V24, LISTS])
def test_v23_becomes_v24_on_request_and_comes_back(layout: Layout, tmp_path: Path) -> None:
    path, genres = full("MP3", tmp_path), ("Rock", "Pop")
    data, before = path.read_bytes(), raw_genres(path, layout)
    expected, sound = fields_after_write(path, genres, layout), payload(path, "MP3")
    tags.write(path, genres, layout)
    tag = ID3(path, translate=False)
    assert tag.version == (2, 4, 0)
    assert tag["TCON"].genres == ["Rock", "Pop"]
    assert str(tag["TDRC"]) == "1999-06-24"
    assert {"TSIZ", "TMCL", "RVAD"} <= {item.split(":")[0] for item in _keys(path)}
    assert other_fields(path) == expected
    assert payload(path, "MP3") == sound
    restore(path, tags.RawGenres.from_json(before.to_json()))
    assert path.read_bytes() == data


def _keys(path: Path) -> list[str]:
    return [key for _, key, _ in other_fields(path)]


def test_v24_becomes_v23_on_request_and_comes_back(tmp_path: Path) -> None:
    path, genres = _v24(empty("MP3", tmp_path)), ("Jazz", "Pop")
    data, before = path.read_bytes(), raw_genres(path, V23)
    expected = fields_after_write(path, genres, V23)
    tags.write(path, genres, V23)
    tag = ID3(path, translate=False)
    assert tag.version == (2, 3, 0)
    assert [str(tag[key]) for key in ("TIT2", "TPE1", "TYER", "TDAT", "TIME", "TSOP", "TCON")] == [
        "Tïtle 摇滚", "Ä/B", "2004", "0605", "1234", "sört", "Jazz; Pop",
    ]  # fmt: skip
    assert tag["APIC:é"].data == b"\x89PNG" * 99
    assert str(tag["CHAP:a"].sub_frames["TIT2"]) == "é" * 99
    assert all(item.encoding in (0, 1) for item in tag.values() if hasattr(item, "encoding"))
    assert other_fields(path) == expected
    restore(path, before)
    assert path.read_bytes() == data


@pytest.mark.parametrize("layout", [V24, V23])
def test_v22_becomes_newer_on_request_and_comes_back(layout: Layout, tmp_path: Path) -> None:
    picture = b"PNG\3c\0" + b"\x89PNG"
    parts = (*V22[:2], b"PIC" + (len(picture) + 1).to_bytes(3, "big") + b"\0" + picture)
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(*parts, major=2))
    before, others = raw_genres(path, layout), other_fields(path)
    tags.write(path, ("Jazz",), layout)
    tag = ID3(path, translate=False)
    assert f"v{tag.version[0]}.{tag.version[1]}" == layout.id3
    assert (str(tag["TIT2"]), tag["APIC:c"].data) == ("Title", b"\x89PNG")
    restore(path, before)
    assert raw_genres(path, layout) == before
    assert other_fields(path) == others


def test_a_v22_frame_without_a_successor_forbids_a_newer_version(tmp_path: Path) -> None:
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(*V22, major=2))
    data = path.read_bytes()
    with pytest.raises(FileError, match="XYZ"):
        tags.write(path, ("Jazz",), V24)
    assert path.read_bytes() == data


def test_lists_raise_the_version_only_for_several_genres(tmp_path: Path) -> None:
    path = full("MP3", tmp_path)
    tags.write(path, ("Rock",), LISTS)
    assert ID3(path, translate=False).version == (2, 3, 0)


def test_the_cost_of_a_version_is_told(tmp_path: Path) -> None:
    path = full("MP3", tmp_path)
    told = " ".join(write_costs(path, ("Rock",), V24))
    assert "ID3v2.3 becomes ID3v2.4" in told
    assert "TSIZ" in told
    assert write_costs(path, ("Rock",)) == ()
    assert write_costs(path, ("Rock",), V23) == ()


@pytest.mark.parametrize("name", ["(17) and counting", "((deep", "(RX)"])
def test_a_name_that_looks_like_a_reference_is_escaped(name: str, tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    tags.write(path, (name,))
    assert tags.read(path).genres == (name,)


@pytest.mark.parametrize("name", ["WAV", "AIFF"])
def test_the_name_of_a_chunk_stays(name: str, tmp_path: Path) -> None:
    path = with_id3(empty(name, tmp_path), name, id3(TITLE))
    usual, other = (b"id3 ", b"ID3 ") if name == "WAV" else (b"ID3 ", b"id3 ")
    path.write_bytes(path.read_bytes().replace(usual, other))
    assert other in path.read_bytes()
    tags.write(path, ("Rock", "x" * 500))
    assert other in path.read_bytes()
    assert usual not in path.read_bytes()
