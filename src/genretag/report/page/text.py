"""Cuts, escapes and packs texts from files for a page."""

import os
from collections.abc import Sequence

from genretag.report.text import visible

_LONGEST = 200  # characters of a text from a tag, which may be as long as a book


def cut(text: str) -> str:
    """Shorten a text from a tag, and escape what could act or not be seen."""
    return visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def to_thousandths(score: float) -> int:
    """Round a score down, so that one below the threshold does not reach it.

    >>> to_thousandths(0.8999)
    899
    """
    return int(1000 * score + 1e-6)


def pack(texts: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return how much each text begins as the one before, in units of UTF-16, and its rest.

    Paths below each other, and the titles and artists of albums, begin alike.

    >>> pack(["a/1.mp3", "a/2.mp3", "b"])
    ([0, 2, 0], ['a/1.mp3', '2.mp3', 'b'])
    """
    pairs = zip(("", *texts), texts, strict=False)
    shared = [os.path.commonprefix(pair) for pair in pairs]  # noqa: RUF071 - by characters
    rests = [text[len(start) :] for text, start in zip(texts, shared, strict=True)]
    return [len(start.encode("utf-16-le")) // 2 for start in shared], rests
