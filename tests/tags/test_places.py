"""Genres at other places than the genre field: there for whoever reads them, and taken back."""

import string
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import field_readers
import mutagen
import mutagen.id3
import pytest
from field_readers import MARK, VALUES, measure, table
from fixtures import FIXTURES, ID3_FILES, empty, frame, full, id3, payload, with_id3
from hypothesis import given
from hypothesis import strategies as st
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.mp4 import MP4, MP4FreeForm
from readers import FILES, in_readme, versions
from test_properties import fill, names, relaxed, tag_sets
from test_round_trip import ffprobe

from genretag import tags
from genretag.domain.genre import fold_name
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.places import PLACES, Values
from genretag.errors import Code, FileError

PLACE = "TXXX:MY FIELD"
WISHES: Mapping[str, Values] = {
    "each": VALUES,
    "several": {"style": ("Café", "摇滚", 'Drum & Bass 🥁 "live"'), "grouping": ("A", "B")},
    "with the genre": {"genre": ("Rock",), "style": ("Shoegaze", "Dream Pop")},
    "long": {"style": ("x" * 1000,), "comment": ("y" * 5000,), PLACE: ("Ж" * 1000,)},
    "odd": {"style": ("(17)", "RX"), "grouping": ("((Live)", "17"), PLACE: ("=", "a:b")},
    "none": {"style": (), "comment": (), "grouping": (), PLACE: ()},
}

everywhere = pytest.mark.parametrize("name", FILES)
fixtures = pytest.mark.parametrize("fixture", FIXTURES)
wishes = pytest.mark.parametrize("wish", WISHES)


def write(path: Path, values: Values, layout: Layout = PLAIN) -> None:
    with tags.open(path, writing=True) as file:
        file.write(values, layout)


def read(path: Path, *places: str) -> Values:
    with tags.open(path) as file:
        return file.values(places)


def others(path: Path, places: Any) -> tags.OtherFields:
    with tags.open(path) as file:
        return file.other_fields(places)


def raw(path: Path, places: Any = (*PLACES, PLACE), layout: Layout = PLAIN) -> tags.RawGenres:
    with tags.open(path) as file:
        return file.raw_genres(layout, places)


def restore(path: Path, before: tags.RawGenres) -> None:
    with tags.open(path, writing=True) as file:
        file.restore(before)


def mp3(folder: Path, *frames: Any, version: int = 3) -> Path:
    path = empty("MP3", folder)
    tag = ID3()
    for one in frames:
        tag.add(one)
    tag.save(path, v2_version=version, v1=0)
    return path


@everywhere
@fixtures
@wishes
def test_what_is_written_is_read_back_and_nothing_else_changes(
    name: str, fixture: str, wish: str, tmp_path: Path
) -> None:
    path, values = FIXTURES[fixture](name, tmp_path), WISHES[wish]
    genres, sound = tags.read(path).genres, payload(path, name)
    with tags.open(path) as file:
        kept = file.other_fields_after_write(values)
    assert kept == others(path, values)
    write(path, values)
    assert read(path, *values) == values
    assert others(path, values) == kept
    assert tags.read(path).genres == values.get("genre", genres)
    assert payload(path, name) == sound
    data = path.read_bytes()
    write(path, values)
    assert path.read_bytes() == data


@everywhere
@fixtures
@wishes
def test_what_was_there_is_restored_exactly(
    name: str, fixture: str, wish: str, tmp_path: Path
) -> None:
    path, values = FIXTURES[fixture](name, tmp_path), WISHES[wish]
    before, kept, whole = raw(path, tuple(values)), others(path, values), others(path, ())
    assert tags.RawGenres.from_json(before.to_json()) == before
    write(path, values)
    restore(path, before)
    assert raw(path, tuple(values)) == before
    assert others(path, values) == kept
    assert others(path, ()) == whole


@everywhere
def test_a_second_write_is_taken_back_to_the_first(name: str, tmp_path: Path) -> None:
    path = full(name, tmp_path)
    write(path, VALUES)
    before, whole = raw(path), others(path, ())
    write(path, dict.fromkeys(VALUES, ("Other", "And more")))
    restore(path, before)
    assert (raw(path), others(path, ())) == (before, whole)


@everywhere
@ffprobe
def test_foreign_readers_see_each_place_by_its_name(name: str, tmp_path: Path) -> None:
    rows = [line.strip("| ").split(" | ") for line in in_readme(MARK).splitlines()[2:]]
    expected = {row[1]: row[2:] for row in rows if name in row[0].split(", ")}
    found = measure(name, tmp_path)
    assert {place: list(cells.values()) for place, cells in found.items()} == expected


@ffprobe
def test_the_table_in_the_readme_is_what_is_measured(tmp_path: Path) -> None:
    written = in_readme(MARK)
    if not all(versions(reader) in written for reader in field_readers.READERS):
        pytest.skip("the table was measured with other versions of the readers")
    assert table(tmp_path) == written


@pytest.mark.parametrize("name", FILES)
@given(found=tag_sets, data=st.data())
@relaxed
def test_everything_but_the_written_places_stays(
    name: str, found: dict[str, list[str]], data: st.DataObject
) -> None:
    lists = st.lists(names, max_size=4, unique_by=fold_name).map(tuple)
    places = ("genre", "style", "grouping", "comment", "TXXX:MOOD")
    values = data.draw(st.dictionaries(st.sampled_from(places), lists, min_size=1))
    with TemporaryDirectory() as folder:
        path = empty(name, Path(folder))
        fill(path, name, found)
        before, kept, sound = raw(path, tuple(values)), others(path, values), payload(path, name)
        whole = others(path, ())
        write(path, values)
        assert others(path, values) == kept
        assert payload(path, name) == sound
        assert read(path, *values) == values
        restore(path, before)
        assert raw(path, tuple(values)) == before
        assert others(path, ()) == whole


@pytest.mark.parametrize("name", FILES)
@given(name_of=st.text(string.ascii_uppercase + string.digits + " _./-", min_size=1, max_size=37))
@relaxed
def test_a_field_of_any_allowed_name_is_found_again(name: str, name_of: str) -> None:
    place = f"TXXX:X{name_of}X"
    with TemporaryDirectory() as folder:
        path = full(name, Path(folder))
        write(path, {place: ("Dub",)})
        assert read(path, place) == {place: ("Dub",)}


# ID3


@pytest.mark.parametrize("major", [2, 3, 4])
@wishes
def test_a_tag_keeps_its_version_and_holds_all_places(
    major: int, wish: str, tmp_path: Path
) -> None:
    title = b"TT2\0\0\2\0A" if major == 2 else frame(b"TIT2", b"\0A")
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(title, major=major))
    before, values = raw(path), WISHES[wish]
    write(path, values)
    assert ID3(path).version[:2] == (2, major)
    found = read(path, *values)
    assert found == values
    restore(path, before)
    assert raw(path) == before


@pytest.mark.parametrize("version", ["v2.3", "v2.4"])
@pytest.mark.parametrize("old", [3, 4])
def test_a_change_of_version_carries_all_places(version: Any, old: int, tmp_path: Path) -> None:
    of = mutagen.id3
    path = mp3(
        tmp_path,
        of.TIT2(3, ["Title"]), of.TXXX(3, "STYLE", ["Old", "Older"]), of.TDRC(3, ["1999-02-03"]),
        of.GRP1(3, ["Group"]), of.COMM(3, "deu", "", ["Kommentar"]), of.TXXX(3, "MOOD", ["calm"]),
        version=old,
    )  # fmt: skip
    layout = Layout(id3=version)
    before, whole = raw(path, layout=layout), others(path, ())
    values = {"style": ("A", "B"), "grouping": ("C",)}
    with tags.open(path) as file:
        kept = file.other_fields_after_write(values, layout)
    write(path, values, layout)
    assert ID3(path).version[1] == int(version[-1])
    assert read(path, *values) == values and others(path, values) == kept
    restore(path, before)
    assert (raw(path, layout=layout), others(path, ())) == (before, whole)


def test_several_styles_make_a_new_tag_v24_and_one_makes_it_v23(tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    write(path, {"genre": ("Rock",), "style": ("A", "B")})
    assert ID3(path).version[:2] == (2, 4) and ID3(path)["TXXX:STYLE"].text == ["A", "B"]
    path = empty("MP3", tmp_path)
    write(path, {"genre": ("Rock",), "style": ("A",)})
    assert ID3(path).version[:2] == (2, 3)


def test_a_grouping_goes_into_grp1_and_tit1_stays_the_work(tmp_path: Path) -> None:
    of = mutagen.id3
    path = mp3(tmp_path, of.GRP1(3, ["Summer"]), of.TIT1(3, ["Sonata"]), version=4)
    assert read(path, "grouping") == {"grouping": ("Summer",)}
    write(path, {"grouping": ("Dub",)})
    assert (ID3(path)["GRP1"].text, ID3(path)["TIT1"].text) == (["Dub"], ["Sonata"])


def test_a_grouping_stays_in_tit1_where_that_is_alone(tmp_path: Path) -> None:
    path = mp3(tmp_path, mutagen.id3.TIT1(3, ["Summer"]), version=4)
    before = raw(path)
    assert read(path, "grouping") == {"grouping": ("Summer",)}
    write(path, {"grouping": ("Dub", "House")})
    assert ID3(path)["TIT1"].text == ["Dub", "House"] and "GRP1" not in ID3(path)
    restore(path, before)
    assert raw(path) == before


def test_only_a_comment_without_a_description_is_the_comment(tmp_path: Path) -> None:
    of = mutagen.id3
    notes = [
        of.COMM(0, "eng", "iTunNORM", [" 00000"]),
        of.COMM(1, "eng", "ID3v1 Comment", ["old"]),
        of.COMM(1, "XXX", "ж", ["ж"]),
    ]
    path = mp3(tmp_path, *notes)
    assert read(path, "comment") == {"comment": ()}
    write(path, {"comment": ("Dub", "Жанр")})
    found = ID3(path)
    assert found["COMM::eng"].text == ["Dub; Жанр"]
    assert all(found[note.HashKey].text == note.text for note in notes)


def test_a_comment_of_any_language_is_the_comment(tmp_path: Path) -> None:
    path = mp3(tmp_path, mutagen.id3.COMM(1, "deu", "", ["Gekauft bei Ж"]))
    assert read(path, "comment") == {"comment": ("Gekauft bei Ж",)}


@pytest.mark.parametrize("written", ["Style", "STYLE", "style"])
@pytest.mark.parametrize("encoding", [0, 1, 2, 3])
def test_a_style_is_found_however_it_is_spelled_and_encoded(
    written: str, encoding: int, tmp_path: Path
) -> None:
    path = mp3(tmp_path, mutagen.id3.TXXX(encoding, written, ["Dub"]), version=4)
    assert read(path, "style") == {"style": ("Dub",)}
    write(path, {"style": ("House",)})
    assert [one.text for one in ID3(path).getall("TXXX")] == [["House"]]


def test_a_comment_of_id3v1_alone_is_read_and_a_new_tag_does_not_hide_it(tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    fields = (b"Title".ljust(30, b"\0"), bytes(60), b"1999", b"Mine".ljust(30, b"\0"))
    path.write_bytes(path.read_bytes() + b"".join((b"TAG", *fields, b"\xff")))
    before, whole = raw(path), others(path, ())
    assert read(path, "comment") == {"comment": ("Mine",)}
    write(path, {"style": ("Dub",)})
    assert read(path, "comment", "style") == {"comment": ("Mine",), "style": ("Dub",)}
    assert ID3(path)["COMM::XXX"].text == ["Mine"]
    restore(path, before)
    assert (raw(path), others(path, ())) == (before, whole)


def test_a_compressed_field_is_left_alone(tmp_path: Path) -> None:
    import zlib

    text = b"\3STYLE\0" + b"x" * 500
    packed = frame(b"TXXX", len(text).to_bytes(4, "big") + zlib.compress(text), flags=b"\0\x80")
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(packed))
    write(path, {"style": ("Dub",)})
    assert packed in path.read_bytes() and read(path, "style") == {"style": ("Dub",)}


# Other formats


def test_fields_of_other_programs_are_found(tmp_path: Path) -> None:
    flac = FLAC(empty("FLAC", tmp_path))
    flac["style"], flac["description"], flac["grouping"] = ["Dub", "House"], ["Mine"], ["Summer"]
    flac.save()
    found = read(Path(flac.filename), "style", "comment", "grouping")
    assert found == {"style": ("Dub", "House"), "comment": ("Mine",), "grouping": ("Summer",)}
    mp4 = MP4(empty("MP4", tmp_path))
    mp4["----:com.apple.iTunes:Style"] = [MP4FreeForm(b"Dub"), MP4FreeForm(b"House")]
    mp4["----:org.other:STYLE"] = [MP4FreeForm(b"not ours")]
    mp4["----:com.apple.iTunes:X"] = [MP4FreeForm(b"y")]
    mp4["\xa9grp"], mp4["\xa9cmt"] = ["Summer"], ["Mine"]
    mp4.save()
    assert read(Path(mp4.filename), "style", "comment", "grouping") == found
    asf = ASF(empty("ASF", tmp_path))
    asf["STYLE"], asf["WM/ContentGroupDescription"] = ["Dub", "House"], ["Summer"]
    asf["Description"], asf["Title"] = ["Mine"], ["Title"]
    asf.save()
    assert read(Path(asf.filename), "style", "comment", "grouping") == found
    path = empty("WavPack", tmp_path)
    ape = APEv2()
    ape["style"], ape["GROUPING"], ape["Comment"] = ["Dub", "House"], "Summer", "Mine"
    ape.save(path)
    assert read(path, "style", "comment", "grouping") == found


def test_the_texts_beside_a_comment_of_asf_stay(tmp_path: Path) -> None:
    audio = ASF(empty("ASF", tmp_path))
    for key in ("Title", "Author", "Copyright", "Description", "Rating"):
        audio[key] = [f"Its {key}"]
    audio.save()
    path = Path(audio.filename)
    before, whole = raw(path), others(path, ())
    write(path, {"comment": ("Dub",)})
    found = ASF(path)
    assert str(found["Description"][0]) == "Dub"
    for key in ("Title", "Author", "Copyright", "Rating"):
        assert str(found[key][0]) == f"Its {key}"
    restore(path, before)
    assert (raw(path), others(path, ())) == (before, whole)


def test_a_comment_that_is_too_long_for_its_container_is_refused(tmp_path: Path) -> None:
    path = full("ASF", tmp_path)
    data = path.read_bytes()
    with pytest.raises(FileError) as caught:
        write(path, {"comment": ("x" * 70000,)})
    assert caught.value.code is Code.TAGS_UNWRITABLE and path.read_bytes() == data


# Second tags


def _info(path: Path, *texts: tuple[bytes, bytes]) -> Path:
    """Append a RIFF INFO list."""
    body = b"INFO" + b"".join(
        key + len(text).to_bytes(4, "little") + text + bytes(len(text) % 2) for key, text in texts
    )
    data = path.read_bytes() + b"LIST" + len(body).to_bytes(4, "little") + body
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    return path


def test_a_list_of_info_alone_has_room_for_a_comment_and_none_for_a_style(tmp_path: Path) -> None:
    path = _info(empty("WAV", tmp_path), (b"INAM", b"Title\0"))
    with tags.open(path) as file:
        assert file.missing_room(("genre", *VALUES)) == {
            place: f"its RIFF INFO tag has no room for {place}"
            for place in ("style", "grouping", "TXXX:MY FIELD")
        }
    data = path.read_bytes()
    with pytest.raises(FileError) as caught:
        write(path, {"style": ("Dub",)})
    assert caught.value.code is Code.TAGS_UNWRITABLE and path.read_bytes() == data
    write(path, {"comment": ("Dub",)})
    assert b"ICMT\4\0\0\0Dub\0" in path.read_bytes()


def test_a_list_of_info_beside_id3_follows_with_the_comment(tmp_path: Path) -> None:
    path = _info(empty("WAV", tmp_path), (b"INAM", b"Title\0"), (b"ICMT", b"Mine\0"))
    tagged = with_id3(path, "WAV", id3(frame(b"TIT2", b"\0Title")))
    before = raw(tagged)
    assert read(tagged, "comment") == {"comment": ("Mine",)}
    write(tagged, {"comment": ("Dub",), "style": ("House",)})
    assert b"ICMT\4\0\0\0Dub\0" in path.read_bytes()
    assert read(tagged, "comment", "style") == {"comment": ("Dub",), "style": ("House",)}
    restore(tagged, before)
    assert raw(tagged) == before


@pytest.mark.parametrize("fix_stale", [False, True])
def test_second_tags_are_named_and_follow_on_wish(fix_stale: bool, tmp_path: Path) -> None:
    path = mp3(tmp_path, mutagen.id3.TXXX(3, "STYLE", ["Dub"]))
    ape = APEv2()
    ape["Style"] = "Dub"
    ape.save(path)
    layout = Layout(fix_stale=fix_stale)
    with tags.open(path) as file:
        stale = file.stale_tags({"style": ("House",)}, layout)
    assert stale == (() if fix_stale else (tags.StaleTag("APEv2", ("Dub",)),))
    write(path, {"style": ("House",)}, layout)
    assert str(APEv2(path)["Style"]) == ("House" if fix_stale else "Dub")


def test_a_place_that_only_a_second_tag_has_counts(tmp_path: Path) -> None:
    path = mp3(tmp_path, mutagen.id3.TIT2(3, ["Title"]))
    ape = APEv2()
    ape["Style"] = "Dub"
    ape.save(path)
    assert read(path, "style") == {"style": ("Dub",)}


@pytest.mark.parametrize("name", [name for name in FILES if name in ID3_FILES])
def test_what_others_change_meanwhile_stays(name: str, tmp_path: Path) -> None:
    path = full(name, tmp_path)
    before = raw(path, ("style",))
    write(path, {"style": ("Dub",)})
    written = raw(path, ("style",))
    tags.write(path, ("New genre",))
    write(path, {"grouping": ("Theirs",)})
    with tags.open(path, writing=True) as file:
        file.restore(before, written)
    assert read(path, "genre", "style", "grouping") == {
        "genre": ("New genre",), "style": (), "grouping": ("Theirs",),
    }  # fmt: skip


def test_raw_genres_of_the_genre_alone_are_as_older_versions_wrote_them(tmp_path: Path) -> None:
    path = full("MP3", tmp_path)
    text = raw(path, ("genre",)).to_json()
    assert '"schema": 1' in text and "places" not in text
    assert '"schema": 2' in raw(path, ("style",)).to_json()
    with pytest.raises(ValueError, match="another version"):
        tags.RawGenres.from_json(text.replace('"schema": 1', '"schema": 3'))
