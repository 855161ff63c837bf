"""Finds the audio files of a library, lazily and always in the same order."""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from genretag.domain.outcome import Failed, Outcome, Skipped
from genretag.errors import Code, UsageError, read_error

# fmt: off
AUDIO_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".aac", ".ac3", ".adts", ".aif", ".aifc", ".aiff", ".ape", ".asf", ".au",
    ".caf", ".dff", ".dsf", ".dts", ".eac3", ".flac", ".m4a", ".m4b", ".m4p", ".m4r", ".mka",
    ".mp+", ".mp1", ".mp2", ".mp3", ".mp4", ".mpc", ".mpp", ".oga", ".ogg", ".ofr", ".ofs",
    ".opus", ".ra", ".rf64", ".shn", ".spx", ".tak", ".tta", ".w64", ".wav", ".wave", ".weba",
    ".webm", ".wma", ".wv",
})
# fmt: on
"""Suffixes of files that may hold audio; their content decides whether they do."""

JUNK_FOLDERS = frozenset({"@eadir", "#recycle", "$recycle.bin", "lost+found"})
"""Folders in which systems keep thumbnails and deleted files, in lower case."""

_ASIDE = ("._", ".DS_Store", ".genretag-")

_NUMBERS = re.compile(r"(\d+)")


def natural_key(name: str) -> list[str | int]:
    """Return a key that sorts as people do: without case, and numbers by value.

    >>> sorted(["10 b.mp3", "9 a.mp3"], key=natural_key)
    ['9 a.mp3', '10 b.mp3']
    """
    # Text and numbers alternate, so that text is compared with text.
    parts: list[str | int] = [*_NUMBERS.split(name.casefold())]
    parts[1::2] = map(int, parts[1::2])
    return parts


@dataclass(frozen=True)
class Walk:
    """Rules for finding files. JUNK_FOLDERS and the files of macOS beside others are left out.

    Attributes:
        exclude: globs on the name or on the whole path of files and folders to leave out.
        follow_symlinks: whether symbolic links inside folders are followed.
        hidden: whether hidden files and folders are included.
        one_file_system: whether folders on another disk are left out.
    """

    exclude: Sequence[str] = ()
    follow_symlinks: bool = False
    hidden: bool = False
    one_file_system: bool = False

    def files(self, paths: Sequence[Path]) -> Iterator[Path | Outcome]:
        """Find audio files under `paths` in natural order, each once even where paths overlap.

        Yields:
            A path for each file to analyse; Skipped for a file that no command can use; Failed
            for a folder that cannot be read.

        Raises:
            UsageError: `not-found`, one of `paths` does not exist; nothing was yielded.
        """
        for path in paths:
            with suppress(PermissionError):  # becomes an outcome when its turn comes
                if not _exists(path):
                    raise UsageError(
                        Code.NOT_FOUND, f"{path}: no such file or folder", "Check the spelling."
                    )
        return self._walk(paths)

    def folder(self, folder: Path, roots: Sequence[Path]) -> Iterator[Path | Outcome]:
        """Yield what `files` finds in `folder` itself if it looks under `roots`.

        Nothing if it does not go there, or the folder is gone.

        Args:
            folder: an absolute path.
            roots: absolute paths of folders.
        """
        if not self.reaches(folder, roots):
            return
        try:
            for path, is_folder in self._list(folder):
                if not is_folder:
                    yield _check(path)
        except FileNotFoundError:
            return
        except OSError as error:
            yield Failed(path=folder, error=read_error(folder, error))

    def reaches(self, folder: Path, roots: Sequence[Path]) -> bool:
        """Tell whether `files` goes into `folder` if it looks under `roots`; paths are absolute."""
        return any(self._leads_to(folder, root) for root in roots)

    def _leads_to(self, folder: Path, root: Path) -> bool:
        if not folder.is_relative_to(root):
            return False
        way = [folder, *folder.parents][: len(folder.parts) - len(root.parts)]
        if any(self._is_excluded(part.name, str(part)) for part in way):
            return False
        if not self.follow_symlinks and any(map(_is_link, way)):
            return False
        if not self.one_file_system:
            return True
        disks = {identity[0] for one in (root, *way) if (identity := _identity(one))}
        return len(disks) <= 1

    def beside(self, file: Path, backwards: bool = False) -> Iterator[Path | Outcome]:
        """Yield what `files` finds after `file`, or before it, the nearest first.

        It goes through the folder of the file and what is in it, then through the folders beside
        that one, and so on around the last file that was found, as long as it is asked. Nothing
        is beside a file that `files` does not find.

        Args:
            file: an absolute path.
            backwards: whether to go towards the beginning.
        """
        place = last = file
        while place.parent in (last.parent, last.parent.parent) and place != place.parent:
            entries = self._list_safely(place.parent, backwards)
            names = [path for path, _ in entries]
            if place not in names:
                return
            for path, is_folder in entries[names.index(place) + 1 :]:
                for last in self._inside(path, backwards) if is_folder else [path]:
                    yield _check(last)
            place = place.parent

    def _inside(self, folder: Path, backwards: bool, depth: int = 1) -> Iterator[Path]:
        """Yield what may be audio in `folder`, and down to `depth` folders below what was found."""
        for path, is_folder in self._list_safely(folder, backwards):
            if not is_folder:
                yield path
                depth = 1
            elif depth:
                yield from self._inside(path, backwards, depth - 1)

    def _list_safely(self, folder: Path, backwards: bool) -> list[tuple[Path, bool]]:
        try:
            entries = list(self._list(folder))
        except OSError:
            return []
        return entries[::-1] if backwards else entries

    def _walk(self, paths: Sequence[Path]) -> Iterator[Path | Outcome]:
        folders: set[tuple[int, int]] = set()
        # No folder is read twice, so only links and named files can lead to a file again.
        can_repeat = self.follow_symlinks or not all(map(_is_folder, paths))
        seen: set[str] = set()
        for path in paths:
            for file in self._under(path, folders) if _is_folder(path) else [path]:
                if isinstance(file, Outcome):
                    yield file
                    continue
                if can_repeat:
                    real = os.path.realpath(file)
                    if real in seen:
                        continue
                    seen.add(real)
                yield _check(file)

    def _under(self, root: Path, folders: set[tuple[int, int]]) -> Iterator[Path | Outcome]:
        """Yield what may be audio, depth first; `folders` are those that were entered."""
        # The open folders, the innermost last.
        stack = [iter([(root, True)])]
        device = None
        while stack:
            path, is_folder = next(stack[-1], (None, False))
            if path is None:
                stack.pop()
                continue
            if not is_folder:
                yield path
                continue
            identity = _identity(path)
            if identity in folders:
                continue
            if identity is not None:
                folders.add(identity)
                device = identity[0] if device is None else device
                if self.one_file_system and identity[0] != device:
                    continue
            try:
                stack.append(self._list(path))
            except OSError as error:
                yield Failed(path=path, error=read_error(path, error))

    def _list(self, folder: Path) -> Iterator[tuple[Path, bool]]:
        """Return what may be audio in `folder`, and folders, in natural order; OSError."""
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: (natural_key(entry.name), entry.name))
        return self._select(entries)

    def _select(self, entries: Iterable[os.DirEntry[str]]) -> Iterator[tuple[Path, bool]]:
        """Yield what may be audio, and folders, one by one: there may be very many."""
        for entry in entries:
            if self._is_excluded(entry.name, entry.path) or (
                not self.follow_symlinks and _is_link(entry)
            ):
                continue
            is_folder = _is_folder(entry)
            if is_folder or _may_be_audio(entry.name):
                yield Path(entry.path), is_folder

    def _is_excluded(self, name: str, path: str) -> bool:
        return (
            name.startswith(_ASIDE)
            or (name.startswith(".") and not self.hidden)
            or name.casefold() in JUNK_FOLDERS
            or any(fnmatch(name, glob) or fnmatch(path, glob) for glob in self.exclude)
        )


def _exists(path: Path) -> bool:
    """Tell whether `path` exists; PermissionError if this user may not know."""
    try:
        path.lstat()
    except PermissionError:
        raise
    except (OSError, ValueError):
        return False
    return True


def _may_be_audio(name: str) -> bool:
    suffix = os.path.splitext(name)[1].casefold()  # noqa: PTH122 - a Path per file is slow
    return suffix in AUDIO_SUFFIXES


def _is_link(entry: Path | os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink()
    except OSError:
        return False  # opening it will give the error


def _is_folder(path: Path | os.DirEntry[str]) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # a circle of links, or no permission to look


def _check(path: Path) -> Path | Outcome:
    """Return `path`, or the outcome of a file that cannot be opened or should not be."""
    try:
        status = path.stat()
    except OSError as error:
        return Failed(path=path, error=read_error(path, error))
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
