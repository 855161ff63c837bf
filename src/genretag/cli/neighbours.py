"""Sets up what analyses the files that are decided together with one."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from genretag.cli.options import InferenceOptions

if TYPE_CHECKING:
    from genretag.domain.analysis import Analysis
    from genretag.domain.tagging import TagPolicy
    from genretag.inference.session import Model
    from genretag.library.cache import Cache
    from genretag.pipeline.decide import UnitSettings
    from genretag.pipeline.neighbours import Neighbours


@contextmanager
def open_neighbours(
    options: InferenceOptions, model: "Model", policy: "TagPolicy", units: "UnitSettings"
) -> "Iterator[Neighbours]":
    """Yield what finds the files that are decided with others; with the cache where it is used."""
    from genretag.cli import group
    from genretag.library.cache import Cache
    from genretag.library.paths import cache_dir
    from genretag.pipeline.neighbours import Neighbours
    from genretag.pipeline.recall import PredictionCache

    is_alone = options.no_cache or units.kind == "track"
    with nullcontext() if is_alone else closing(Cache(cache_dir(), group.warn)) as cache:
        predictions = PredictionCache.for_model(cache, model, options.coverage)
        yield Neighbours(policy, units, predictions, model, partial(_analyse, options, cache))


def _analyse(
    options: InferenceOptions, cache: "Cache | None", files: Sequence[Path]
) -> "Iterator[Analysis]":
    """Yield the analysis of each file, by processes that live as long as that, under a bar."""
    import sys

    from rich.console import Console
    from rich.progress import track

    from genretag.cli.session import open_session
    from genretag.cli.terminal import is_piped
    from genretag.domain.selection import Selection
    from genretag.library.interrupt import deferred
    from genretag.library.resources import count_cores

    jobs = options.jobs or min(count_cores(), len(files))
    console = Console(stderr=True)
    with (
        deferred(),
        open_session(replace(options, jobs=jobs)) as session,
        # What there is to say of the model was said when it was loaded for the file itself.
        session.predictor(lambda message: None).analyses(files, Selection(), cache) as analyses,
    ):
        yield from track(
            analyses,
            "Analysing the tracks around it",
            total=len(files),
            console=console,
            transient=True,
            disable=not console.file.isatty() or is_piped(sys.stdout),
        )
