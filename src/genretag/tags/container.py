"""One container: how the start of a file tells it, and which tags it may have."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from genretag.tags.formats import apev2
from genretag.tags.formats.handler import TagHandler

Test = Callable[[bytes, int], bool]
"""From the bytes after any ID3v2 tags, and how many bytes those take, to yes or no."""


@dataclass(frozen=True)
class Container:
    """A container that genretag can tag.

    Attributes:
        name: what users call it.
        recognises: whether a file that starts so is one.
        primary: the tags where a genre belongs, in the order in which players read them: the
            first that shows them anything gets it.
        synced: tags that are kept in step where they exist and are never created.
        secondary: tags that players may read all the same; only `fix_stale` updates them.
        created: the primary tag that a file gets which has none, if that is not the first.
        audio_start: from a file to where its audio begins; None where tags lie inside the
            structure.
    """

    name: str
    recognises: Test
    primary: tuple[TagHandler, ...]
    synced: tuple[TagHandler, ...] = ()
    secondary: tuple[TagHandler, ...] = ()
    created: TagHandler | None = None
    audio_start: Callable[[BinaryIO], int] | None = None

    @property
    def handlers(self) -> tuple[TagHandler, ...]:
        """Of all tags, in the order in which genres are looked for."""
        return tuple(dict.fromkeys(self.primary + self.synced + self.secondary))

    @property
    def new_primary(self) -> TagHandler:
        """The primary tag that a file gets which has none."""
        return self.created or self.primary[0]

    def audio_span(self, file: BinaryIO) -> tuple[int, int] | None:
        """Return from which byte to which `file` is audio alone, None if that is unknown."""
        return (self.audio_start(file), apev2.find_audio_end(file)) if self.audio_start else None


def starts_with(*magics: bytes) -> Test:
    """Return a test for files that start with one of `magics`."""
    return lambda head, _: head.startswith(magics)


def has_form(outer: bytes, *inner: bytes) -> Test:
    """Return a test for files of chunks: an `outer` one of one of the forms `inner`."""
    return lambda head, _: head.startswith(outer) and head[8:12] in inner
