"""The errors of a write that did not go as planned."""

from pathlib import Path

from genretag import tags
from genretag.audio import audio_digest
from genretag.domain.change import TagChange
from genretag.errors import Code, FileError, GenretagError


def verification_error(change: TagChange, wrong: list[str], original: Path) -> FileError:
    """Return why a copy is not what it must be: the names, the file, or else genretag."""
    if not tags.can_store(change.new):
        names = ", ".join(f'"{name}"' for place in change.new.values() for name in place)
        return FileError(
            Code.TAGS_UNWRITABLE,
            f"{change.path}: {names} would not be read as what is written",
            "The file is as it was. Choose each name once, without ; and numbers in brackets.",
        )
    if audio_digest.is_damaged(original):
        return FileError(
            Code.VERIFY_FAILED,
            f"{change.path}: its sound is damaged, so that a copy's {' and '.join(wrong)} would "
            "not be as they must",
            "The file is as it was. What FFmpeg copies of it (-c copy) can perhaps be tagged.",
        )
    return FileError(
        Code.VERIFY_FAILED,
        f"{change.path}: after writing, its {' and '.join(wrong)} would not be as they must",
        "The file is as it was. This is a mistake in genretag: please report it.",
    )


def name_original(path: Path, staged: Path, error: GenretagError) -> GenretagError:
    """Return `error` in words about the file that a person knows, not about its copy."""
    return type(error)(error.code, error.message.replace(str(staged), str(path)), error.hint)


def changed_error(path: Path) -> FileError:
    """Return the error for a file that is not as it was when it was decided."""
    return FileError(
        Code.CHANGED,
        f"{path}: somebody changed it since it was looked at; it was left alone",
        "Scan it again.",
    )
