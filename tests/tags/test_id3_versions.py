"""A change of the version of ID3 keeps what players show, and names what it cannot keep."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mutagen.id3 as of
import pytest
import taglib
from fixtures import empty, frame, id3, with_id3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen.id3 import ID3
from one_shot import fields_after_write, other_fields, raw_genres, restore, write_costs

from genretag import tags
from genretag.domain.layout import PLAYERS, Layout
from genretag.errors import FileError

V23, V24 = Layout(id3="v2.3"), Layout(id3="v2.4")
GENRES = ("Rock", "Pop")
COVER = b"\x89PNG" * 40


def saved(path: Path, major: int, *frames: Any) -> Path:
    tag = ID3()
    for one in frames:
        tag.add(one)
    tag.save(path, v1=0, v2_version=major, v23_sep=None)
    return path


def shown(path: Path) -> dict[str, list[str]]:
    """What TagLib shows beside the genre."""
    with taglib.File(path) as file:
        return {key: values for key, values in file.tags.items() if key != "GENRE"}


def parsed(path: Path) -> dict[str, list[str]]:
    """The texts that mutagen finds, but for the genre, and dates, to which it adds seconds."""
    found = {key: item for key, item in ID3(path).items() if key not in ("TCON", "TDRC")}
    return {key: [*map(str, item.text)] for key, item in found.items() if hasattr(item, "text")}


def checked_write(path: Path, layout: Layout, genres: tuple[str, ...] = GENRES) -> tuple[str, ...]:
    """Write genres, hold it to the promises of every write, and return the costs foretold."""
    costs, before = write_costs(path, genres, layout), raw_genres(path, layout)
    expected, original, others = (
        fields_after_write(path, genres, layout),
        shown(path),
        other_fields(path),
    )
    tags.write(path, genres, layout)
    assert other_fields(path) == expected
    assert tags.read(path).genres == genres
    data = path.read_bytes()
    restore(path, tags.RawGenres.from_json(before.to_json()))
    assert other_fields(path) == others and shown(path) == original
    path.write_bytes(data)
    return costs


CREDITS = [["producer", "P"], ["guitar", "G"], ["Mix", "Ö"], ["lyricist", "摇"], ["DJ-mix", "D"]]


@pytest.mark.parametrize("layout", [V24, PLAYERS["kodi"]])
@pytest.mark.parametrize("encoding", [0, 1])
def test_functions_and_instruments_go_where_taglib_looks_for_them(
    layout: Layout, encoding: int, tmp_path: Path
) -> None:
    people = CREDITS if encoding else CREDITS[:3]
    path = saved(empty("MP3", tmp_path), 3, of.IPLS(encoding, people))
    before = shown(path)
    assert before["PERFORMER:GUITAR"] == ["G"] and before["PRODUCER"] == ["P"]
    checked_write(path, layout)
    assert shown(path) == before
    tag = ID3(path, translate=False)
    assert tag["TMCL"].people == [pair for pair in people if pair[0] in ("guitar", "lyricist")]
    assert tag["TIPL"].people == [pair for pair in people if pair not in tag["TMCL"].people]


def test_functions_and_instruments_become_one_list_of_people_again(tmp_path: Path) -> None:
    functions, instruments = of.TIPL(3, [["producer", "P"]]), of.TMCL(3, [["guitar", "摇"]])
    path = saved(empty("MP3", tmp_path), 4, functions, instruments)
    before = shown(path)
    costs = checked_write(path, V23)
    assert shown(path) == before
    assert ID3(path, translate=False)["IPLS"].people == [["producer", "P"], ["guitar", "摇"]]
    assert any("become IPLS" in sentence for sentence in costs)


def picture(mime: bytes) -> bytes:
    return b"\0" + mime + b"\3\0" + COVER


OLD_NAMES = (
    frame(b"TP1\0", b"\0Artist"),
    frame(b"TT2\0", b"\1\xff\xfeT\0\xf6\0"),
    frame(b"TYE\0", b"\x002004"),
    frame(b"TDA\0", b"\x002406"),
    frame(b"COM\0", b"\0eng\0Comment"),
    frame(b"TXX\0", b"\0Mood\0calm"),
    frame(b"PIC\0", picture(b"PNG")),
    frame(b"TALB", b"\0Album"),
)


def test_frames_that_an_old_itunes_named_as_in_v22_get_their_names_of_today(tmp_path: Path) -> None:
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(*OLD_NAMES, padding=20))
    before = shown(path)
    assert before["ARTIST"] == ["Artist"] and before["TITLE"] == ["Tö"]
    checked_write(path, V24)
    assert shown(path) == before | {"DATE": ["2004-06-24"]}
    tag = ID3(path, translate=False)
    assert {"TPE1", "TIT2", "TDRC", "COMM::eng", "TXXX:Mood", "TALB", "TCON"} <= set(tag)
    assert tag["APIC:"].data == COVER and tag["APIC:"].mime == "image/png"


@pytest.mark.parametrize("layout", [Layout(), V23])
def test_frames_named_as_in_v22_stay_in_a_tag_that_keeps_its_version(
    layout: Layout, tmp_path: Path
) -> None:
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(*OLD_NAMES, padding=99))
    assert checked_write(path, layout) == ()
    assert all(part in path.read_bytes() for part in OLD_NAMES)


def test_a_frame_with_a_short_name_that_nobody_knows_forbids_v24(tmp_path: Path) -> None:
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(frame(b"XYZ\0", b"abc"), padding=99))
    tags.write(path, GENRES)
    with pytest.raises(FileError, match="XYZ"):
        tags.write(path, GENRES, V24)


YEARS = ("0", "", "c1970", "19990624", "1999", "1999-06", "1999-06-24", "?")


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("major", [2, 3, 4])
@pytest.mark.parametrize("layout", [V23, V24])
def test_a_year_that_is_none_is_kept_and_stops_nothing(
    year: str, major: int, layout: Layout, tmp_path: Path
) -> None:
    text = b"\0" + year.encode()
    old = b"TYE" + len(text).to_bytes(3, "big") + text
    part = {2: old, 3: frame(b"TYER", text), 4: frame(b"TDRC", text)}[major]
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(part, padding=200, major=major))
    before = shown(path)
    costs = checked_write(path, layout)
    if not any(" becomes 1999" in sentence for sentence in costs):
        assert shown(path) == before
    else:
        assert (major, layout) == (4, V23) and year.startswith("1999-06")


LOSSES = (
    (4, V23, of.TXXX(3, "MusicBrainz Artist Id", ["aaa", "bbb"]),
     "values of TXXX:MusicBrainz Artist Id are joined by /"),
    (4, V23, of.TXXX(0, "", ["aaa", "bbb"]), "values of TXXX are joined by /"),
    (4, V23, of.TPE1(3, ["A", "B"]), "values of TPE1 are joined by /"),
    (4, V23, of.COMM(3, "eng", "d", ["A", "B"]), "values of COMM:d are joined by /"),
    (4, V23, of.TDRC(3, ["1999-06-24T12:34:56"]),
     "TDRC 1999-06-24T12:34:56 becomes 1999-06-24T12:34"),
    (4, V23, of.TDRC(3, ["1999-06"]), "TDRC 1999-06 becomes 1999"),
    (4, V23, of.TDRC(3, ["1999", "2004"]), "TDRC 2004 is lost"),
    (4, V23, of.TDOR(3, ["1970-05-06"]), "TDOR 1970-05-06 becomes 1970"),
    (4, V23, of.TSOP(3, ["Sort"]), "TSOP stay, but players may not know them in v2.3"),
    (4, V23, of.CHAP("a", 0, 9, 0, 0, sub_frames=[of.TIT2(3, ["A", "B"])]),
     "in CHAP values of TIT2 are joined by /"),
    (4, V23, of.CTOC("a", 3, ["b", "c"], [of.TDRC(3, ["1999-06"])]),
     "in CTOC TDRC 1999-06 becomes 1999"),
    (3, V24, of.TDAT(0, ["24.06."]), "TDAT 24.06. is lost"),
    (3, V24, of.IPLS(0, [["producer", "P"], ["mix", ""]]), "IPLS mix is lost"),
    (3, V24, of.TSIZ(0, ["123"]), "TSIZ stay, but players may not know them in v2.4"),
)  # fmt: skip


@pytest.mark.parametrize(("major", "layout", "item", "sentence"), LOSSES, ids=lambda value: "")
def test_what_a_version_cannot_hold_is_named(
    major: int, layout: Layout, item: Any, sentence: str, tmp_path: Path
) -> None:
    path = saved(empty("MP3", tmp_path), major, item)
    assert sentence in checked_write(path, layout)


def test_a_frame_that_leaves_its_group_is_named_and_read(tmp_path: Path) -> None:
    grouped = b"TIT2\0\0\0\5\0\x40\7\3T\xc3\xa9"
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(grouped, padding=99, major=4))
    assert any("TIT2 lose the group" in sentence for sentence in checked_write(path, V23))
    assert shown(path)["TITLE"] == ["Té"]


def test_the_flags_that_say_what_to_do_with_a_frame_are_carried_over(tmp_path: Path) -> None:
    part = b"TIT2\0\0\0\4\x60\0\3T\xc3\xa9"  # to be dropped when tag or file is altered
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(part, padding=99, major=4))
    checked_write(path, V23)
    assert b"TIT2\0\0\0\3\xc0\0\0T\xe9" in path.read_bytes()


@pytest.mark.parametrize("key", [b"TXYZ", b"GRP1", b"MVNM", b"TDTG"])
def test_every_text_in_utf8_is_written_as_v23_knows_texts(key: bytes, tmp_path: Path) -> None:
    part = frame(key, "\3摇滚".encode())
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(part, padding=99, major=4))
    checked_write(path, V23)
    assert key + b"\0\0\0\7\0\0\1\xff\xfe" + "摇滚".encode("utf-16-le") in path.read_bytes()


@pytest.mark.parametrize("encoding", [0, 1, 2, 3])
def test_lists_are_understood_in_every_encoding(encoding: int, tmp_path: Path) -> None:
    path = saved(empty("MP3", tmp_path), 4, of.TCON(encoding, ["Röck", "Pop"]))
    assert tags.read(path).genres == ("Röck", "Pop")


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).map(
    str.strip
)
lists = st.lists(texts.filter(bool), min_size=1, max_size=3)
credit = st.tuples(texts.filter(bool), texts.filter(bool)).map(list)
pairs = st.lists(credit, min_size=1, max_size=4)
dates = st.from_regex(
    r"[12][0-9]{3}(-0[1-9](-1[0-9](T1[0-9](:2[0-9](:3[0-9])?)?)?)?)?", fullmatch=True
)
encodings = st.sampled_from([1, 3])
new_frames = st.one_of(
    st.builds(of.TPE1, encodings, lists),
    st.builds(of.TALB, encodings, lists),
    st.builds(of.TXXX, encodings, st.just("Key"), lists),
    st.builds(of.COMM, encodings, st.just("eng"), st.just(""), lists),
    st.builds(of.TDRC, encodings, st.lists(dates, min_size=1, max_size=2, unique=True)),
    st.builds(of.TDOR, encodings, dates.map(lambda date: [date])),
    st.builds(of.TSOP, encodings, lists),
    st.builds(of.TMCL, encodings, pairs),
)
old_frames = st.one_of(
    st.builds(of.TPE1, st.just(1), lists.map(lambda values: values[:1])),
    st.builds(of.TYER, st.just(0), st.sampled_from(YEARS).map(lambda year: [year])),
    st.builds(of.TORY, st.just(0), st.sampled_from(YEARS).map(lambda year: [year])),
    st.builds(of.TDAT, st.just(0), st.just(["2406"])),
    st.builds(of.TXXX, st.just(1), st.just("Key"), lists.map(lambda values: values[:1])),
    st.builds(of.IPLS, st.just(1), pairs),
    st.builds(of.USLT, st.just(1), st.just("eng"), st.just(""), texts),
)
LOST = (" joined ", " becomes 1", " becomes 2", " lost", " lose ")


@given(st.lists(new_frames, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_taglib_no_longer_shows_was_named(frames: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        path = saved(empty("MP3", Path(folder)), 4, *frames)
        before = shown(path), parsed(path)
        costs = checked_write(path, V23)
        if not any(word in sentence for sentence in costs for word in LOST):
            assert (shown(path), parsed(path)) == before


@given(st.lists(old_frames, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_v24_holds_all_that_v23_held(frames: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        path = saved(empty("MP3", Path(folder)), 3, *frames)
        before = shown(path)
        costs = checked_write(path, V24)
        if not any(word in sentence for sentence in costs for word in LOST):
            assert shown(path) == before
