"""Undo puts back the genre and nothing else, whatever other programs did to the file meanwhile."""

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import mutagen
import mutagen.id3
import pytest
import taglib
from fixtures import FIXTURES, frame, id3, with_id3
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from one_shot import raw_genres, stale_tags
from test_hidden_tags import by_mutagen, by_taglib, without_genre
from writers import FILES, apply, empty, full, planned, take_back

from genretag import tags
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.outcome import Skipped, Tagged, Unchanged
from genretag.library.journal import Journal
from genretag.pipeline import undo

V23, V24 = Layout(id3="v2.3"), Layout(id3="v2.4")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def written(journal: Path, path: Path, *genres: str, layout: Layout = PLAIN) -> Path:
    (outcome,) = apply(journal, [planned(path, *genres, layout=layout)])
    assert isinstance(outcome, Tagged), outcome
    return path


def put_back(journal: Path) -> None:
    (outcome,) = take_back(journal)
    assert isinstance(outcome, Tagged), outcome


def mp3(folder: Path, tag: ID3 | bytes | None = None, version: int = 3, v1: int = 0) -> Path:
    path = empty("MP3", folder)
    if isinstance(tag, bytes):
        return with_id3(path, "MP3", tag)
    if tag is not None:
        tag.save(path, v2_version=version, v1=v1)
    return path


def id3_of(*frames: Any) -> ID3:
    tag = ID3()
    for one in frames:
        tag.add(one)
    return tag


def of(path: Path) -> dict[str, str]:
    """The frames of an ID3v2 tag as texts, and its version."""
    tag = ID3(path, translate=False, load_v1=False)
    found = {key: str(value) for key, value in tag.items() if not key.startswith("APIC")}
    return found | {"version": f"2.{tag.version[1]}"}


def by_other_program(path: Path) -> None:
    """Give a file an artist, as TagLib does it: it raises the version of ID3 and adds ID3v1."""
    with taglib.File(str(path)) as file:
        file.tags["ARTIST"] = ["日本 Ä"]
        file.save()


@pytest.mark.parametrize("cover", [0, 3000])
def test_a_version_that_another_program_raised_stays(
    cover: int, journal: Path, tmp_path: Path
) -> None:
    frames = [mutagen.id3.TIT2(0, ["T"]), mutagen.id3.TYER(0, ["1999"]), mutagen.id3.TCON(0, ["R"])]
    if cover:
        frames.append(mutagen.id3.APIC(0, "image/jpeg", 3, "", b"x" * cover))
    path = written(journal, mp3(tmp_path, id3_of(*frames), v1=2), "Blues")
    by_other_program(path)
    put_back(journal)
    assert of(path) == {
        "version": "2.4", "TIT2": "T", "TCON": "R", "TPE1": "日本 Ä", "TDRC": "1999",
    }  # fmt: skip
    assert all(one.encoding == 3 for one in ID3(path).getall("TPE1"))


@pytest.mark.parametrize("name", ["FLAC", "Ogg Vorbis", "Opus"])
def test_a_vendor_that_another_program_wrote_stays(
    name: str, journal: Path, tmp_path: Path
) -> None:
    path = written(journal, full(name, tmp_path), "Jazz")
    by_mutagen_again(path)
    vendor = mutagen.File(path).tags.vendor
    put_back(journal)
    assert mutagen.File(path).tags.vendor == vendor
    assert tags.read(path).genres == ("Old Genre", "Another")


def by_mutagen_again(path: Path) -> None:
    """Save a file as another version of a program does, which signs with its name."""
    audio: Any = mutagen.File(path)
    audio.tags.vendor = "reference libFLAC 1.4.3"
    audio["mood"] = ["calm"]
    audio.save()


FLAGGED = b"TIT2" + bytes((0, 0, 0, 13)) + b"\0\1" + bytes((0, 0, 0, 9)) + b"\3My Title"


@pytest.mark.parametrize(
    "tag",
    [
        id3(bytes((0, 0, 0, 6)) + b"\1\0", FLAGGED, padding=64, major=4, flags=0x40),
        id3(FLAGGED, major=4, flags=0x10) + b"3DI\4\0\x10" + bytes((0, 0, 0, len(FLAGGED))),
    ],
)
def test_what_could_be_tagged_can_be_undone(tag: bytes, journal: Path, tmp_path: Path) -> None:
    path = written(journal, mp3(tmp_path, tag), "Blues", "Jazz")
    put_back(journal)
    assert of(path) == {"version": "2.4", "TIT2": "My Title"}


Edit = Callable[[Path], None]


def by_mutagen_in_v23(path: Path) -> None:
    tag = ID3(path)
    tag.add(mutagen.id3.TPE1(1, ["New"]))
    tag.update_to_v23()
    tag.save(path, v2_version=3)


def by_mutagen_in_v24(path: Path) -> None:
    tag = ID3(path)
    tag.add(mutagen.id3.TPE1(3, ["New"]))
    tag.save(path)


EDITS: Mapping[str, Edit] = {
    "mutagen, v2.3": by_mutagen_in_v23,
    "mutagen, v2.4": by_mutagen_in_v24,
    "TagLib": by_other_program,
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("before", [(), ("Rock",), ("Rock", "Café 摇滚")])
@pytest.mark.parametrize("version", [3, 4])
def test_a_file_that_was_saved_again_can_be_undone(
    edit: str, before: tuple[str, ...], version: int, journal: Path, tmp_path: Path
) -> None:
    tag = id3_of(mutagen.id3.TIT2(1, ["T"]))
    path = mp3(tmp_path, tag, version)
    tags.write(path, before)
    written(journal, path, "Blues")
    EDITS[edit](path)
    shown = without_genre(by_taglib(path))
    put_back(journal)
    assert tags.read(path).genres == before
    assert without_genre(by_taglib(path)) == shown
    assert stale_tags(path) == ()


def test_an_id3v1_tag_that_another_program_added_follows(journal: Path, tmp_path: Path) -> None:
    path = mp3(tmp_path, id3_of(mutagen.id3.TCON(0, ["Rock"]), mutagen.id3.TIT2(0, ["T"])))
    written(journal, path, "Blues")
    by_other_program(path)
    assert path.read_bytes()[-128:-125] == b"TAG"
    put_back(journal)
    assert path.read_bytes()[-1] == 17


EDITABLE = tuple(name for name in FILES if name != "OptimFROG")


@pytest.mark.parametrize("name", EDITABLE)
@pytest.mark.parametrize("fixture", ["empty", "full"])
def test_in_every_container_what_others_wrote_stays(
    name: str, fixture: str, journal: Path, tmp_path: Path
) -> None:
    path = FIXTURES[fixture](name, tmp_path)
    before = tags.read(path).genres
    written(journal, path, "Jazz")
    by_other_program(path)
    views = [without_genre(read(path)) for read in (by_taglib, by_mutagen)]
    put_back(journal)
    assert tags.read(path).genres == before
    assert [without_genre(read(path)) for read in (by_taglib, by_mutagen)] == views


@pytest.mark.parametrize("layout", [V23, V24])
def test_frames_of_another_version_that_others_changed_keep_what_they_say(
    layout: Layout, journal: Path, tmp_path: Path
) -> None:
    tag = id3_of(
        mutagen.id3.TPE1(3, ["Ä", "B"]), mutagen.id3.TDRC(3, ["2004-05-06"]),
        mutagen.id3.TIT2(3, ["Tïtle 摇滚"]), mutagen.id3.TCON(3, ["Rock"]),
    )  # fmt: skip
    old = 4 if layout is V23 else 3
    if old == 3:
        tag.update_to_v23()
    path = written(journal, mp3(tmp_path, tag, old), "Jazz", layout=layout)
    again = ID3(path, translate=False)
    again.add(mutagen.id3.TIT2(1, ["Näw"]))
    again.save(path, v2_version=7 - old)
    put_back(journal)
    found = of(path)
    assert found["version"] == f"2.{old}"
    assert (found["TIT2"], found["TCON"]) == ("Näw", "Rock")
    assert by_taglib(path)["DATE"] == ("2004-05-06",)


def test_a_tag_that_somebody_took_out_is_not_made_again_unasked(
    journal: Path, tmp_path: Path
) -> None:
    path = written(journal, full("MP3", tmp_path), "Jazz")
    ID3(path).delete(path)
    (outcome,) = take_back(journal)
    assert isinstance(outcome, Skipped) and outcome.reason == "its genre was changed since"
    assert tags.read(path).genres == ()


def forced(journal: Path, path: Path) -> tuple[str, ...]:
    with closing(Journal(journal)) as opened:
        target = undo.find_run(opened, None)
        assert target
        (outcome,) = apply(journal, undo.plan(opened, target.id, force=True))
    assert isinstance(outcome, Tagged), outcome
    return tags.read(path).genres


@pytest.mark.parametrize("name", FILES)
def test_a_genre_that_was_changed_since_is_left_and_put_back_by_force(
    name: str, journal: Path, tmp_path: Path
) -> None:
    path = full(name, tmp_path)
    before = tags.read(path).genres
    written(journal, path, "Jazz")
    tags.write(path, ("Mine",))
    (outcome,) = take_back(journal)
    assert isinstance(outcome, Skipped) and outcome.after == ("Mine",)
    assert forced(journal, path) == before


def test_force_makes_a_tag_again_that_somebody_took_out(journal: Path, tmp_path: Path) -> None:
    path = written(journal, full("MP3", tmp_path), "Jazz")
    ID3(path).delete(path)
    assert forced(journal, path) == ("Old Genre",)


def test_a_genre_that_somebody_put_back_already_is_known(journal: Path, tmp_path: Path) -> None:
    path = written(journal, mp3(tmp_path, id3_of(mutagen.id3.TCON(1, ["Rock"]))), "Jazz")
    id3_of(mutagen.id3.TCON(3, ["Rock"])).save(path)
    (outcome,) = take_back(journal)
    assert isinstance(outcome, Unchanged)


def test_texts_that_were_copied_from_id3v1_go_with_the_genre(journal: Path, tmp_path: Path) -> None:
    v1 = b"TAG" + b"Title".ljust(121, b"\0") + b"\0\0\0\x11"
    for tag in (b"", id3(frame(b"APIC", b"\0image/png\0\3\0PNG"), padding=9)):
        path = mp3(tmp_path, tag)
        path.write_bytes(path.read_bytes() + v1)
        data = path.read_bytes()
        written(journal, path, "Jazz")
        assert of(path)["TIT2"] == "Title"
        put_back(journal)
        assert tags.read(path).genres == ("Rock",)
        assert path.read_bytes()[-128:] == v1
        assert path.read_bytes().count(b"Title") == data.count(b"Title")


def test_added_genres_leave_the_spelling_of_the_old_ones_alone(tmp_path: Path) -> None:
    path = mp3(tmp_path, id3_of(mutagen.id3.TCON(0, ["R&B/Soul"])))
    tags.write(path, ("R&B/Soul", "Blues"))
    assert of(path)["TCON"] == "R&B/Soul; Blues"
    flac = FLAC(full("FLAC", tmp_path))
    flac["genre"] = ["Rock; Pop", "Folk/Country"]
    flac.save()
    names = tags.read(Path(flac.filename)).genres
    tags.write(Path(flac.filename), (*names, "Blues"))
    assert FLAC(flac.filename)["genre"] == ["Rock; Pop", "Folk/Country", "Blues"]
    ape = empty("WavPack", tmp_path)
    tag = APEv2()
    tag["Genre"] = ["R&B/Soul", "Rock; Pop"]
    tag.save(ape)
    tags.write(ape, (*tags.read(ape).genres, "Blues"))
    assert list(APEv2(ape)["Genre"]) == ["R&B/Soul", "Rock; Pop", "Blues"]


V1 = b"TAG" + b"v1 title".ljust(30, b"\0") + b"v1 artist".ljust(30, b"\0") + bytes(64) + b"\x11"
PICTURE = frame(b"APIC", b"\0image/png\0\3\0PNG")


def only_id3v1(name: str, folder: Path, tag: bytes = b"") -> Path:
    """A file with ID3v1, and perhaps an ID3v2 tag that shows nothing."""
    path = empty(name, folder)
    if name == "FLAC":
        no_comments(path)
    path.write_bytes(path.read_bytes() + V1)
    return with_id3(path, name, tag)


def no_comments(path: Path) -> None:
    audio = FLAC(path)
    audio.metadata_blocks = [block for block in audio.metadata_blocks if block.code != 4]
    audio.save()


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("MP3", b""),
        ("MP3", id3(PICTURE, padding=9)),
        ("MP3", id3(padding=100)),
        ("WavPack", b""),
        ("FLAC", b""),
        ("TTA", id3(PICTURE, padding=9)),
    ],
)
def test_an_undo_that_is_taken_back_hides_no_id3v1(
    name: str, tag: bytes, journal: Path, tmp_path: Path
) -> None:
    path = written(journal, only_id3v1(name, tmp_path, tag), "Blues")
    shown = by_taglib(path)
    assert shown["TITLE"] == ("v1 title",)
    put_back(journal)
    (outcome,) = take_back(journal, 2)
    assert isinstance(outcome, Tagged), outcome
    assert by_taglib(path) == shown


def test_a_tag_that_is_made_again_hides_no_id3v1(journal: Path, tmp_path: Path) -> None:
    tag = id3(frame(b"TIT2", b"\0v2 title"), frame(b"TCON", b"\0Rock"))
    path = written(journal, only_id3v1("MP3", tmp_path, tag), "Blues")
    ID3(path).delete(path, delete_v1=False)
    put_back(journal)
    assert tags.read(path).genres == ("Rock",)
    assert by_taglib(path)["TITLE"] == ("v1 title",)


def test_frames_that_say_what_id3v1_says_stay(journal: Path, tmp_path: Path) -> None:
    frames = (b"TT2\0\0\x09\0v1 title", b"TP1\0\0\x0a\0v1 artist", b"TCO\0\0\5\0Rock")
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(*frames, major=2))
    written(journal, path, "Blues", layout=V23)
    with taglib.File(str(path)) as file:
        file.tags["COMPOSER"] = ["C"]
        file.save()
    shown = without_genre(by_taglib(path))
    put_back(journal)
    assert without_genre(by_taglib(path)) == shown
    assert tags.read(path).genres == ("Rock",)


@pytest.mark.parametrize("field", ["COMPOSER", "TITLE"])
@pytest.mark.parametrize(
    ("name", "tag"), [("MP3", id3(PICTURE, padding=9)), ("TTA", id3(PICTURE)), ("FLAC", b"")]
)
def test_copies_stay_once_others_have_added_to_them(
    name: str, tag: bytes, field: str, journal: Path, tmp_path: Path
) -> None:
    path = written(journal, only_id3v1(name, tmp_path, tag), "Blues")
    with taglib.File(str(path)) as file:
        file.tags[field] = ["new"]
        file.save()
    shown = without_genre(by_taglib(path))
    put_back(journal)
    assert without_genre(by_taglib(path)) == shown
    assert tags.read(path).genres == ("Rock",)


@pytest.mark.parametrize("layout", [V23, V24])
@pytest.mark.parametrize("again", [False, True])
def test_a_way_back_to_the_oldest_version_is_not_forced(
    again: bool, layout: Layout, journal: Path, tmp_path: Path
) -> None:
    parts = (b"TT2\0\0\6\0Title", b"TYE\0\0\5\x001999", b"TCO\0\0\5\0Rock")
    path = with_id3(empty("MP3", tmp_path), "MP3", id3(*parts, major=2))
    written(journal, path, "Blues", layout=layout)
    if again:
        tag = ID3(path)
        tag.add(mutagen.id3.TPE1(1, ["New"]))
        tag.save(path, v2_version=int(layout.id3[-1]))
    put_back(journal)
    assert tags.read(path).genres == ("Rock",)
    assert by_taglib(path)["TITLE"] == ("Title",)
    assert by_taglib(path)["DATE"] == ("1999",)


def test_a_picture_alone_in_the_oldest_version_comes_back(journal: Path, tmp_path: Path) -> None:
    picture = b"PIC\0\0\x09\0PNG\3\0PNG"
    path = only_id3v1("MP3", tmp_path, id3(picture, major=2))
    before = raw_genres(path)
    written(journal, path, "Blues", layout=V24)
    put_back(journal)
    assert raw_genres(path) == before


def test_force_puts_a_genre_where_genres_belong_now(journal: Path, tmp_path: Path) -> None:
    path = empty("MP3", tmp_path)
    tag = APEv2()
    tag["Genre"], tag["Title"] = "Rock", "T"
    tag.save(path)
    written(journal, path, "Blues")
    tag = APEv2(path)
    tag.delete(path)
    id3_of(mutagen.id3.TIT2(1, ["T"])).save(path)
    assert forced(journal, path) == ("Rock",)
    assert ID3(path)["TCON"].genres == ["Rock"]
