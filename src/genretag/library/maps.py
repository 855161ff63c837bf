"""Reads maps of genres: renamed, merged, dropped, given parents and aliases."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from genretag.domain.genre import GenreVocabulary
from genretag.domain.genre_map import GenreMap, MapError
from genretag.domain.manifest import ModelManifest
from genretag.domain.naming import Naming
from genretag.domain.taxonomy import Taxonomy, load_taxonomy
from genretag.errors import Code, UsageError, reason
from genretag.library.whitelist import read_whitelist

_TABLES = ("rename", "parents", "aliases")
_LIST = "drop"
_KINDS = "[rename], [parents], [aliases] and drop"


def read(path: Path | None, genres: GenreVocabulary, also: Iterable[str] = ()) -> GenreMap:
    """Read the map in a TOML file, for a model that knows `genres`; none changes nothing.

    Tables `[rename]`, `[parents]` and `[aliases]` hold NAME = "NAME", the list `drop` holds names.
    They may name genres of the taxonomy as well, and those in `also`.

    Raises:
        UsageError: `bad-map`, with the line: no TOML, an unknown entry or genre, a circle.
    """
    if path is None:
        return GenreMap(synonyms=genres.aliases)
    try:
        text = path.read_text("utf-8")
        entries = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _map_error(f"{path}: the map cannot be read: {reason(error)}") from error
    try:
        genre_map = _parse(entries, genres.aliases)
        others = (name for one in load_taxonomy() for name in (one.name, *one.aliases))
        genre_map.check((*genres.known, *also, *others))
    except MapError as error:
        line = _find_line(text, error.table, error.key)
        raise _map_error(f"{path}, line {line}: {error}") from error
    return genre_map


def make_naming(
    genre_map: GenreMap,
    manifest: ModelManifest,
    only: str | Iterable[str] | None,
    option: str,
    also: Iterable[str] = (),
) -> Naming:
    """Return the names under which the genres of a model are written.

    Args:
        genre_map: a person's names for them.
        manifest: of the model. If a person learned it, its genres have the names they gave.
        only: the only names that may be written, as `read_whitelist` takes them; None if any may.
        option: the name of `only`, for messages.
        also: names that may be listed in `only` beside those of model, map and taxonomy.

    Raises:
        UsageError: `bad-option`, as `read_whitelist`.
    """
    taxonomy = extend_taxonomy(genre_map)
    genres = manifest.genres
    known = (*genres.known, *also, *genre_map.rename.values())
    return Naming(
        genre_map,
        taxonomy,
        {taxonomy.identify(name): name for name in genres.names if manifest.base},
        only=None if only is None else read_whitelist(only, taxonomy, known, option),
    )


def extend_taxonomy(genre_map: GenreMap) -> Taxonomy:
    """Return the taxonomy with the parents and the aliases of a map."""
    return load_taxonomy().extend(genre_map.parents, genre_map.aliases)


def _parse(entries: dict[str, Any], synonyms: Mapping[str, str]) -> GenreMap:
    for key, value in entries.items():
        if key not in (*_TABLES, _LIST):
            raise MapError(key, key, f"{key!r} is none of {_KINDS}")
        texts = value.values() if isinstance(value, dict) else value
        right = isinstance(value, list if key == _LIST else dict)
        if not right or not all(isinstance(name, str) and name for name in texts):
            raise MapError(key, key, f"{key} must hold names of genres")
    rename, parents, aliases = (entries.get(name, {}) for name in _TABLES)
    return GenreMap(rename, frozenset(entries.get(_LIST, ())), parents, aliases, synonyms)


def _find_line(text: str, table: str, key: str) -> int:
    """Return the number of the line that holds `key` in `table`, at best as a key."""
    lines = text.split("\n")
    begins = re.compile(rf"""\s*\[?\s*["']?{re.escape(table)}\b""")
    first = next((n for n, line in enumerate(lines) if begins.match(line)), 0)
    name = rf"""["']?{re.escape(key)}["']?"""
    for pattern in (rf"\s*(\w+\s*\.\s*)?{name}\s*=", rf"(.*[\s,\[{{.])?{name}([\s,\]=]|$)"):
        for n in range(first, len(lines)):
            if re.match(pattern, lines[n]):
                return n + 1
    return first + 1


def _map_error(message: str) -> UsageError:
    return UsageError(Code.BAD_MAP, message, "`genretag models show` lists the model's genres.")
