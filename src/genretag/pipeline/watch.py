"""Waits for files that come and change, and gives them to a run album by album once they settle."""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from genretag.domain.grouping import album_place
from genretag.domain.outcome import Outcome
from genretag.domain.settling import Settling
from genretag.errors import UsageError, Warn
from genretag.library import interrupt
from genretag.library.cache import find_state
from genretag.library.changes import Changes
from genretag.library.mounts import find_silent
from genretag.library.walk import AUDIO_SUFFIXES, Walk, natural_key

POLL_S = 60.0
"""Time between two looks at all files where the system tells of no changes."""

LOOK_S = 6 * 3600.0
"""The same where it does: a change that got lost is not lost for ever."""

_CHECK_S = 3.0
"""Time between two looks whether the folders themselves are still there."""

Listing = Mapping[int, Path | Outcome]
"""The files of a folder by what tells each from others and from itself at another time."""


class Watcher:
    """Knows the files under folders as runs have left them, and finds what is new.

    Files whose album is to be decided together come together: those in the folders of all its
    discs. What a run itself writes must be told to `keep`, or it comes again.

    Args:
        roots: absolute paths of folders.
        walk: rules for finding files.
        settle_s: for so long nothing may change in an album before it is given to a run.
        poll_s: how often to look at all files, without being told of changes; None to find out
            whether that is needed.
        all_at_once: whether all files that are known come with those that are new.
        log: gets what a person may want to know of all this.
        clock: gives seconds that never go back.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        walk: Walk,
        settle_s: float,
        poll_s: float | None,
        all_at_once: bool,
        log: Warn,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roots = roots
        self._walk = walk
        self._settling = Settling[Path](settle_s)
        self._poll_s = poll_s
        self._all_at_once = all_at_once
        self._log = log
        self._clock = clock
        self._known: defaultdict[Path, dict[Path, frozenset[int]]] = defaultdict(dict)
        """By album and folder what is known there."""
        self._next_look_s = 0.0

    def batches(self) -> Generator[Iterator[Path | Outcome], None, None]:
        """Yield the files of albums in which something was new and has settled, for ever.

        All files are new at first. Who gets a batch takes all of it before the next.

        Raises:
            KeyboardInterrupt: an interrupt came.
        """
        while True:
            places = self._identify()
            for root in (one for one, place in places.items() if place is None):
                self._log(f"{root} is not there; waiting until it is")
            present = [root for root, place in places.items() if place]
            with Changes(self._find_talking(present), _may_matter) as changes:
                self._look_at_all()
                yield from self._follow(changes, places)
            self._log("Folders have come or gone; looking at all files")

    def keep(self, path: Path) -> None:
        """Take note that a run has written a file: as it is now, it is not new."""
        folders = self._known[album_place(path.parent)]
        folders[path.parent] = folders.get(path.parent, frozenset()) | {_identify_file(path)}

    def _follow(
        self, changes: Changes, places: Mapping[Path, object]
    ) -> Iterator[Iterator[Path | Outcome]]:
        """Yield batches as long as the roots are in their places."""
        failure: str | None = None
        while self._identify() == places:
            now_s = self._clock()
            due_s = min(self._settling.next_s, self._next_look_s, now_s + _CHECK_S)
            self._touch_all(changes.take(max(0.0, due_s - now_s)))
            if changes.failure and changes.failure != failure:
                failure = changes.failure
                self._log(f"The system tells of no changes: {failure}")
                self._begin_polling()
            if changes.lost or self._clock() >= self._next_look_s:
                changes.lost = False
                self._look_at_all()
            if settled := self._settling.take(self._clock(), self._find_news):
                yield self._list_files(settled)

    def _find_talking(self, roots: Sequence[Path]) -> list[Path]:
        """Return those of `roots`, none within another, on which the system tells of changes."""
        outer = [one for one in roots if not any(up in roots for up in one.parents)]
        if self._poll_s is not None:
            self._begin_polling()
            return []
        self._look_every_s = LOOK_S
        silent = {root: kind for root in outer if (kind := find_silent(root))}
        for root, kind in silent.items():
            self._log(f"{root} is on {kind}, which does not tell of all changes")
        if silent:
            self._begin_polling()
        return [root for root in outer if root not in silent]

    def _begin_polling(self) -> None:
        self._look_every_s = self._poll_s or POLL_S
        self._next_look_s = min(self._next_look_s, self._clock() + self._look_every_s)
        self._log(f"Looking at all files every {self._look_every_s:g} s")

    def _identify(self) -> dict[Path, tuple[int, int] | None]:
        """Return what tells each root from another folder of that name; None if there is none."""
        found: dict[Path, tuple[int, int] | None] = {}
        for root in self._roots:
            try:
                status = root.stat()
                found[root] = status.st_dev, status.st_ino
            except OSError:
                found[root] = None
        return found

    def _look_at_all(self) -> None:
        """Find out what is new anywhere, and forget what is gone."""
        found: defaultdict[Path, dict[Path, set[int]]] = defaultdict(dict)
        with suppress(UsageError):  # gone just now, which is seen soon
            for file in self._walk.files([root for root in self._roots if root.exists()]):
                interrupt.check()
                folder = _folder_of(file)
                here = found[album_place(folder)].setdefault(folder, set())
                here.add(_identify_file(_path_of(file)))
        for gone in self._known.keys() - found.keys():
            del self._known[gone]
        for place, folders in found.items():
            known = self._known[place]
            is_new = any(here - known.get(folder, set()) for folder, here in folders.items())
            self._known[place] = {
                folder: known.get(folder, frozenset()) & here for folder, here in folders.items()
            }
            if is_new:
                self._settling.notice(place, self._clock())
        self._next_look_s = self._clock() + self._look_every_s

    def _touch_all(self, paths: Iterable[str]) -> None:
        """Record that something has happened to each path."""
        changed = {Path(path) for path in paths}
        files = {path for path in changed if path.suffix.casefold() in AUDIO_SUFFIXES}
        for folder in {file.parent for file in files}:
            self._touch(folder)
        trees = changed - files
        for tree in trees:
            if not any(up in trees for up in tree.parents) and self._is_looked_at(tree):
                with suppress(UsageError):  # it is gone again
                    for folder in set(map(_folder_of, self._walk.files([tree]))):
                        self._touch(folder)

    def _touch(self, folder: Path) -> None:
        if self._is_looked_at(folder):
            place = album_place(folder)
            self._known[place].setdefault(folder, frozenset())
            self._settling.touch(place, self._clock())

    def _is_looked_at(self, folder: Path) -> bool:
        return self._walk.reaches(folder, self._roots)

    def _find_news(self, place: Path) -> frozenset[int]:
        """Return what is new in the folders of an album, and forget what is gone."""
        news: set[int] = set()
        for folder, known in list(self._known[place].items()):
            here = self._list(folder).keys()
            news |= here - known
            if here:
                self._known[place][folder] = known & here
            else:
                del self._known[place][folder]
        if not self._known[place]:
            del self._known[place]
        return frozenset(news)

    def _list_files(self, settled: Mapping[Path, object]) -> Iterator[Path | Outcome]:
        """Yield the files of albums in natural order, and note that they are known.

        One that has changed since it settled is left for another batch.
        """
        places = self._known.keys() if self._all_at_once else settled.keys()
        in_order = sorted(places, key=lambda place: [*map(_sort_key, self._folders(place)[:1])])
        for place in in_order:
            listings = {folder: self._list(folder) for folder in self._folders(place)}
            here = {folder: frozenset(listing) for folder, listing in listings.items()}
            news = _join(here.values()) - _join(self._known.get(place, {}).values())
            if news != settled.get(place, frozenset()):
                self._settling.touch(place, self._clock())
                continue
            self._known[place] = here
            for listing in listings.values():
                yield from listing.values()

    def _folders(self, place: Path) -> list[Path]:
        """Return the folders of an album, in natural order."""
        return sorted(self._known.get(place, ()), key=_sort_key)

    def _list(self, folder: Path) -> Listing:
        interrupt.check()
        files = self._walk.folder(folder, self._roots)
        return {_identify_file(_path_of(file)): file for file in files}


def _may_matter(path: str) -> bool:
    """Return whether a changed path may be music, or a folder with some."""
    suffix = os.path.splitext(path)[1].casefold()  # noqa: PTH122 - there may be very many
    return suffix in AUDIO_SUFFIXES or os.path.isdir(path)  # noqa: PTH112


def _identify_file(path: Path) -> int:
    """Return a number that is another for each path, and after each change of the file there."""
    return hash((str(path), find_state(path)))


def _path_of(file: Path | Outcome) -> Path:
    return file.path if isinstance(file, Outcome) else file


def _folder_of(file: Path | Outcome) -> Path:
    """Return the folder of a file; a folder that cannot be read stands for itself."""
    path = _path_of(file)
    is_folder = isinstance(file, Outcome) and os.path.isdir(path)  # noqa: PTH112
    return path if is_folder else path.parent


def _join(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*sets)


def _sort_key(folder: Path) -> list[list[str | int]]:
    return [natural_key(part) for part in folder.parts]
