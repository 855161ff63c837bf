"""Finds the audio files of a library, lazily and always in the same order."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from genretag.domain.outcome import Failed, Outcome, Skipped
from genretag.errors import Code, UsageError, unreadable

# fmt: off
AUDIO_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".aac", ".ac3", ".adts", ".aif", ".aifc", ".aiff", ".ape", ".asf", ".au",
    ".caf", ".dff", ".dsf", ".dts", ".eac3", ".flac", ".m4a", ".m4b", ".m4p", ".m4r", ".mka",
    ".mp+", ".mp1", ".mp2", ".mp3", ".mp4", ".mpc", ".mpp", ".oga", ".ogg", ".ofr", ".ofs",
    ".opus", ".ra", ".rf64", ".shn", ".spx", ".tak", ".tta", ".w64", ".wav", ".wave", ".weba",
    ".webm", ".wma", ".wv",
})
# fmt: on
"""How names of files end that may hold audio; what is in them is decided by their content."""

JUNK_FOLDERS = frozenset({"@eadir", "#recycle", "$recycle.bin", "lost+found"})
"""Folders in which storage boxes and systems keep thumbnails and what was deleted, folded."""

_NUMBERS = re.compile(r"(\d+)")


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts as people do: without case, and numbers by value.

    >>> sorted(["10 b.mp3", "9 a.mp3"], key=natural_key)
    ['9 a.mp3', '10 b.mp3']
    """
    parts = _NUMBERS.split(name.casefold())
    return [(int(part), "") if i % 2 else (0, part) for i, part in enumerate(parts)]


@dataclass(frozen=True)
class Walk:
    """What to leave out, and whether symbolic links found inside folders are followed.

    `exclude` are globs on the name or on the whole path of files and folders. Hidden files
    and folders, and JUNK_FOLDERS, are always left out.
    """

    exclude: Sequence[str] = ()
    follow_symlinks: bool = False

    def files(self, paths: Sequence[Path]) -> Iterator[Path | Outcome]:
        """Audio files under `paths` in natural order, each once even where paths overlap.

        Yields:
            A path for each file to analyse; Skipped for one that is left out by a rule worth
            telling; Failed for a folder that cannot be read.

        Raises:
            UsageError: `not-found`, one of `paths` does not exist; nothing was yielded.
        """
        for path in paths:
            if not os.path.lexists(path):
                raise UsageError(
                    Code.NOT_FOUND, f"{path}: no such file or folder", "Check the spelling."
                )
        return self._walk(paths)

    def _walk(self, paths: Sequence[Path]) -> Iterator[Path | Outcome]:
        folders: set[tuple[int, int]] = set()
        named: set[Path] = set()
        for path in paths:
            if path.is_dir():
                yield from self._folder(path, folders, named)
                continue
            real = path.resolve()
            if real not in named:
                named.add(real)
                # A folder that was walked has given this file already, if it gives it at all.
                if not (_identity(real.parent) in folders and self._wanted(path.name, str(path))):
                    yield _checked(path)

    def _folder(
        self, folder: Path, folders: set[tuple[int, int]], named: set[Path]
    ) -> Iterator[Path | Outcome]:
        """Depth first; `folders` stops loops of links and overlaps, `named` came before."""
        identity = _identity(folder)
        if identity in folders:
            return
        if identity is not None:
            folders.add(identity)
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: (natural_key(entry.name), entry.name))
        except OSError as error:
            yield Failed(path=folder, error=unreadable(folder, error))
            return
        for entry in entries:
            path = Path(entry.path)
            if self._left_out(entry.name, entry.path) or (
                entry.is_symlink() and not self.follow_symlinks
            ):
                continue
            if entry.is_dir():
                yield from self._folder(path, folders, named)
            elif self._wanted(entry.name, entry.path) and not (named and path.resolve() in named):
                yield _checked(path)

    def _left_out(self, name: str, path: str) -> bool:
        return (
            name.startswith(".")
            or name.casefold() in JUNK_FOLDERS
            or any(fnmatch(name, glob) or fnmatch(path, glob) for glob in self.exclude)
        )

    def _wanted(self, name: str, path: str) -> bool:
        suffix = os.path.splitext(name)[1].casefold()  # noqa: PTH122 - a Path per file is dear
        return suffix in AUDIO_SUFFIXES and not self._left_out(name, path)


def _checked(path: Path) -> Path | Outcome:
    """`path`, or why it is not worth or not safe to open it."""
    try:
        status = path.stat()
    except OSError as error:
        return Failed(path=path, error=unreadable(path, error))
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path=path, reason="not a regular file")
    if status.st_size == 0:
        return Skipped(path=path, reason="empty file")
    return path


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
