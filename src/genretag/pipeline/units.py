"""Sets up how tracks are decided together, for one model."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from genretag.domain.genre import Names
from genretag.domain.manifest import ModelManifest
from genretag.domain.naming import Naming
from genretag.domain.truth import GenreClasses
from genretag.domain.unit import UnitKind
from genretag.library import journal
from genretag.pipeline.decide import FindOrigin, UnitSettings


@contextmanager
def open_units(
    by: UnitKind,
    manifest: ModelManifest,
    naming: Naming,
    data: Path,
    uses_library: bool = True,
    overwrites_decided: bool = False,
) -> Iterator[UnitSettings]:
    """Yield how tracks are decided together.

    Args:
        by: what makes a unit.
        manifest: of the model.
        naming: of its genres.
        data: the folder of the journal, which tells what genretag wrote.
        uses_library: whether genres that persons gave other tracks count.
        overwrites_decided: whether genres that a person decided with genretag may be changed.
    """
    genres = manifest.genres
    classes = GenreClasses(genres, naming.genre_map, naming.taxonomy)
    by_class = {classes.index_of(name): name for name in reversed(genres.names)}

    def meaning(names: Names) -> str | None:
        return next((by_class[index] for index in classes.indices_of(names)), None)

    with open_origins(data) as find_origin:
        yield UnitSettings(
            by,
            manifest.pooling,
            meaning,
            uses_library,
            find_origin,
            classes.is_narrow,
            overwrites_decided,
        )


@contextmanager
def open_origins(data: Path) -> Iterator[FindOrigin]:
    """Yield what tells where the genres of a file come from, by the journal if there is one.

    `data` is the journal's folder.
    """
    if not (data / journal.FILE).exists():
        yield lambda path: journal.Origin()
        return
    with closing(journal.Journal(data)) as record:
        yield lambda path: record.origin(path.resolve())
