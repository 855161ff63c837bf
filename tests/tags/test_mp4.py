"""MP4 whose lists of tags are built in unusual ways."""

from pathlib import Path

import pytest
from fixtures import empty, full, payload
from one_shot import raw_genres, restore
from readers import READERS

from genretag import tags
from genretag.errors import FileError
from genretag.tags.formats import atoms

PATH = (b"moov", b"udta", b"meta", b"ilst")


@pytest.mark.parametrize("name", ["MP4", "MP4 moov first", "MP4 ALAC"])
def test_a_list_that_was_wiped_with_zeros_is_made_again_where_readers_look(
    name: str, tmp_path: Path
) -> None:
    path = empty(name, tmp_path)
    tags.write(path, ("Old",))
    with path.open("r+b") as file:
        *_, meta, ilst = atoms.find_path(file, PATH)
        file.seek(ilst.offset)
        file.write(bytes(meta.end - ilst.offset))
    content, sound = path.read_bytes(), payload(path, name)
    assert tags.read(path).genres == ()
    kept = raw_genres(path)
    tags.write(path, ("Rock",))
    assert [read(path) for read in READERS.values()] == [["Rock"]] * len(READERS)
    assert payload(path, name) == sound
    restore(path, kept)
    assert path.read_bytes() == content or raw_genres(path) == kept


@pytest.mark.parametrize("size", [0, 1 << 20])
@pytest.mark.parametrize("name", [b"hdlr", b"edts"])
def test_an_atom_without_an_end_is_refused_before_anything_is_changed(
    name: bytes, size: int, tmp_path: Path
) -> None:
    path = full("MP4 moov first", tmp_path)
    content = bytearray(path.read_bytes())
    # The handler of the list of tags is the last one.
    at = content.rindex(name) - 4
    content[at : at + 4] = size.to_bytes(4, "big")
    path.write_bytes(content)
    try:
        tags.write(path, ("Rock", "Pop"))
    except FileError:
        assert path.read_bytes() == content
    else:
        assert tags.read(path).genres == ("Rock", "Pop")
