"""A beets plugin: finds the genres of albums by their sound, on import and as `beet genretag`.

Albums are decided as `genretag scan` decides them. All else is left to beets: which tracks there
are and what their tags say, and when and how these are written.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import confuse
from beets import config, ui
from beets.importer import ImportSession, ImportTask
from beets.library import Album, Item, Library
from beets.plugins import BeetsPlugin
from beets.ui import UserError  # type: ignore[attr-defined]  # all versions have it there

from genretag import Decision, Failed, GenretagError, Tagger, Track

FIELD = "genres" if "genres" in Album.item_keys else "genre"
"""The field in which beets keeps genres: a list since 2.7, before that one text."""

Result = Decision | Failed

_SINGLETONS_AT_ONCE = 64
"""Few enough to lose nothing by Ctrl-C, enough for all cores."""


class GenretagPlugin(BeetsPlugin):
    """Fills the genres of tracks and albums."""

    def __init__(self) -> None:
        super().__init__()
        self.config.add(
            {
                "auto": True,
                "model": "default",
                "threshold": None,
                "force": False,
                "keep_existing": False,
                "count": 1,
                "whitelist": True,
                "pretend": False,
            }
        )
        self._unwritten: set[int] = set()
        """Tracks of an import, by their ids in the library, whose files lack their new genres."""
        if self.config["auto"].get(bool):
            self.import_stages = [self._imported]
            self.register_listener("import_begin", self._check)
            self.register_listener("import_task_files", self._write)

    def commands(self) -> list[ui.Subcommand]:
        """Return the command `beet genretag`."""
        command = ui.Subcommand("genretag", help="find genres by the sound of tracks")
        command.parser.set_usage("%prog [options] [QUERY]")
        for flags, name, value, text in (
            (("-f", "--force"), "force", True, "replace genres that are there"),
            (("-F", "--no-force"), "force", False, "leave genres that are there alone"),
            (("-k", "--keep-existing"), "keep_existing", True, "with force, add to these genres"),
            (("-K", "--no-keep-existing"), "keep_existing", False, "with force, drop them"),
            (("-p", "--pretend"), "pretend", True, "show what would be changed"),
        ):
            action = "store_true" if value else "store_false"
            command.parser.add_option(*flags, action=action, dest=name, default=None, help=text)
        command.func = self._run
        return [command]

    @cached_property
    def _tagger(self) -> Tagger:
        # A Path would change what is no path: on Windows hf:OWNER/REPO.
        return Tagger.load(os.path.expanduser(self.config["model"].as_str()))  # noqa: PTH111

    @property
    def _whitelist(self) -> str | Path | list[str] | None:
        """Names, a text with names, or the path of a file; None for all genres of the model."""
        option = self.config["whitelist"]
        value = option.get()
        if value is None or value == "" or isinstance(value, bool):
            return None
        if not isinstance(value, str):
            return list(option.as_str_seq())
        file = Path(option.as_filename())  # beside the config file, where it is relative
        return file if file.is_file() else value

    def _check(self, session: ImportSession) -> None:
        """Load the model before an import begins: a mistake in the config ends it early."""
        try:
            self._decide(())
        except GenretagError as error:
            raise UserError(str(error)) from error

    def _imported(self, session: ImportSession, task: ImportTask) -> None:
        """Give genres to what is being imported; a stage of the import, in a thread of its own."""
        album = task.album if task.is_album else None
        try:
            changed = self._tag(session.lib, album, task.imported_items())
        except GenretagError as error:
            self._log.error("imported without genres: {}", error)
        else:
            self._unwritten.update(item.id for item in changed if item.id)

    def _write(self, session: ImportSession, task: ImportTask) -> None:
        """Write genres into files that beets leaves as they are: where tags are imported as-is."""
        for item in task.imported_items():
            if item.id in self._unwritten:
                self._unwritten.remove(item.id)
                # Beets sets the time to 0 where a file lacks what the library knows.
                if session.config["write"].get(bool) and not item.mtime:
                    item.try_sync(write=True, move=False)

    def _run(self, lib: Library, options: Any, query: list[str]) -> None:
        self.config.set_args(vars(options))
        pretend = self.config["pretend"].get(bool)
        found = changed = 0
        try:
            self._decide(())  # a mistake in the config is told whatever the query finds
            for album, items in _group(lib.items(query)):
                tagged = self._tag(lib, album, items, pretend)
                found += len(items)
                changed += len(tagged)
                if ui.should_write() and not pretend:
                    for item in tagged:
                        item.try_sync(write=True, move=False)
        except GenretagError as error:
            raise UserError(str(error)) from error
        if found:
            would = "would change" if pretend else "changed"
            self._log.info("{} {} of {} tracks", would, changed, found)
        else:
            self._log.info("no track matches the query")

    def _tag(
        self, lib: Library, album: Album | None, items: Sequence[Item], pretend: bool = False
    ) -> list[Item]:
        """Give genres to tracks of an album, or to single ones; return those that have new ones.

        Files are not written.
        """
        others = {item.id: item for item in album.items()} if album else {}
        tracks = others | {item.id: item for item in items}
        decided = dict(zip(tracks, self._decide(list(tracks.values()), album), strict=True))
        results = [(item, decided[item.id]) for item in items]
        self._report(album, results)
        changed = []
        for item, result in results:
            if isinstance(result, Decision) and result.after != result.before:
                _set_genres(item, result.after)
                changed.append(item)
        if changed and not pretend:
            with lib.transaction():
                for item in changed:
                    item.store()
                if album:
                    counts = Counter(filter(None, map(_genres, album.items())))
                    _set_genres(album, counts.most_common(1)[0][0])
                    album.store(inherit=False)
        return changed

    def _decide(self, items: Sequence[Item], album: Album | None = None) -> list[Result]:
        """Return what genretag makes of an album, or of each single track; nothing is changed."""
        policy: Literal["fill", "replace", "add"] = "fill"
        if self.config["force"].get(bool):
            policy = "add" if self.config["keep_existing"].get(bool) else "replace"
        count = self.config["count"].get(int)
        return self._tagger.decide(
            [_describe(item, album) for item in items],
            policy=policy,
            threshold=self.config["threshold"].get(confuse.Optional(confuse.Number())),
            top_k=count,
            max_genres=count,
            only=self._whitelist,
            by="album" if album else "track",
            jobs=None if config["threaded"].get(bool) else 1,
        )

    def _report(self, album: Album | None, results: Iterable[tuple[Item, Result]]) -> None:
        """Tell what comes of tracks: of those of an album in one line, if it is the same."""
        decided: list[tuple[Item | Album, Decision]] = []
        for item, result in results:
            if isinstance(result, Failed):
                self._log.warning("{}", result.error.message)
            else:
                decided.append((item, result))
        if album and len({_describe_decision(decision) for _, decision in decided}) == 1:
            decided = [(album, decided[0][1])]
        for thing, decision in decided:
            # That a genre is there, and was to stay, is no news.
            log = self._log.info if decision.source or not decision.before else self._log.debug
            log("{}: {}", thing, _describe_decision(decision))


def _group(items: Iterable[Item]) -> Iterator[tuple[Album | None, list[Item]]]:
    """Yield tracks album by album, then those without one, some at a time."""
    albums: dict[int | None, list[Item]] = {}
    for item in items:
        albums.setdefault(item.album_id, []).append(item)
    single = iter(albums.pop(None, ()))
    for members in albums.values():
        yield members[0].get_album(), members
    while some := list(islice(single, _SINGLETONS_AT_ONCE)):
        yield None, some


def _describe(item: Item, album: Album | None) -> Track:
    """Return what beets knows of a track, which its file may not say yet."""
    return Track(
        os.fsdecode(item.path),
        genres=_genres(item),
        artist=item.artist,
        album_artist=album.albumartist if album else item.albumartist,
        album=album.album if album else "",
        is_compilation=bool(item.comp),
    )


def _describe_decision(decision: Decision) -> str:
    mark = "" if decision.is_calibrated else ", not calibrated"
    if decision.reason:
        best = "".join(f" ({name} {score:.2f}{mark})" for name, score in decision.genres[:1])
        return f"{decision.reason}{best}"
    before, after = ", ".join(decision.before), ", ".join(decision.after)
    source = "its sound" if decision.source == "heard" else decision.source
    change = f"{before} -> {after}" if before else after
    return f"{change} ({decision.score or 0:.2f} by {source}{mark})"


def _genres(thing: Item | Album) -> tuple[str, ...]:
    value = thing.get(FIELD, with_album=False) if isinstance(thing, Item) else thing.get(FIELD)
    return (value,) if isinstance(value, str) and value else tuple(value or ())


def _set_genres(thing: Item | Album, genres: Sequence[str]) -> None:
    thing[FIELD] = list(genres) if FIELD == "genres" else ", ".join(genres)
