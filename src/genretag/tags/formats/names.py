"""Texts in which tags say genres, and the names that they mean."""

import re
from collections.abc import Iterable, Iterator

from genretag.domain.genre import distinct, fold_name
from genretag.domain.id3v1 import ID3V1_GENRES

SEPARATOR = "; "
"""Stands between names where several must be one text."""

NO_GENRE = 255
"""The number for no genre in ID3v1."""

_REFERENCE = re.compile(r"\((\d{1,3}|RX|CR)\)")
_WORDS = {"RX": "Remix", "CR": "Cover"}
_NUMBERS = {fold_name(name): number for number, name in reversed(list(enumerate(ID3V1_GENRES)))}


def parse_genres(texts: Iterable[str], split: str = "\0;", numbers: bool = True) -> tuple[str, ...]:
    """Return the genres that `texts` name, in order, none twice.

    A leading `(17)`, `(RX)` or `(CR)` is a genre of ID3v1, with `numbers` so are `17`, `RX`
    and `CR` alone; `((` stands for a bracket (ID3v2.3, section 4.2.1, TCON).

    >>> parse_genres(["(4)Eurodisco", "17; ((Live)"])
    ('Disco', 'Eurodisco', 'Rock', '(Live)')
    """
    names: dict[str, str] = {}
    for text in texts:
        for part in re.split(f"[{re.escape(split)}]", text):
            for name in _split_references(part.strip(), numbers):
                names.setdefault(fold_name(name), name)
    return tuple(names.values())


def split_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the names in `texts` that stand elsewhere than genres do, in order, none twice.

    >>> split_names(["(17) Dub; House", "house"])
    ('(17) Dub', 'House')
    """
    parts = (part.strip() for text in texts for part in re.split("[\0;]", text))
    return distinct(part for part in parts if part)


def is_plain_name(text: str, numbers: bool = True) -> bool:
    """Return whether `text` is the name of a genre and refers to none by a number.

    >>> is_plain_name("R&B/Soul"), is_plain_name("(17)")
    (True, False)
    """
    return tuple(_split_references(text.strip(), numbers)) == (text.strip(),)


def _split_references(text: str, numbers: bool) -> Iterator[str]:
    while match := _REFERENCE.match(text):
        yield from _resolve(match[1])
        text = text[match.end() :].strip()
    if text.startswith("(("):
        yield text[1:]
    elif numbers and (text in _WORDS or (text.isascii() and text.isdigit())):
        yield from _resolve(text)
    elif text:
        yield text


def _resolve(reference: str) -> Iterator[str]:
    if reference in _WORDS:
        yield _WORDS[reference]
    elif int(reference) < len(ID3V1_GENRES):
        yield ID3V1_GENRES[int(reference)]


def escape_name(name: str) -> str:
    """Return `name` so that a leading bracket is not taken for a reference to ID3v1."""
    return f"({name}" if _REFERENCE.match(name) or name.startswith("((") else name


def find_id3v1_number(names: Iterable[str]) -> int:
    """Return the number of the first of `names` that ID3v1 knows, 255 if it knows none.

    >>> find_id3v1_number(["Synthwave", "hip hop"]), find_id3v1_number(["Synthwave"])
    (7, 255)
    """
    return next(
        (_NUMBERS[fold_name(name)] for name in names if fold_name(name) in _NUMBERS), NO_GENRE
    )


def clean_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return `names` as every format can hold them: no nulls, no half characters, none empty."""
    texts = (name.replace("\0", " ").encode("utf-8", "replace").decode() for name in names)
    return tuple(text.strip() for text in texts if text.strip())


def decode_text(data: bytes) -> str:
    """Return text that ought to be UTF-8, read as Latin-1 where it is not."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
