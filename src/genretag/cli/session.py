"""Sets up what commands analyse files with: processes, the model, the cache."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genretag.cli.options import GPU_BATCH, InferenceOptions
from genretag.errors import Warn

# What follows takes long to import: here for types alone, and in functions once workers start.
if TYPE_CHECKING:
    from genretag.domain.analysis import Analysis
    from genretag.domain.manifest import ModelManifest
    from genretag.domain.outcome import Outcome
    from genretag.domain.selection import Selection
    from genretag.executors.base import Executor
    from genretag.inference.session import Model
    from genretag.library.cache import Cache
    from genretag.pipeline.settings import AnalysisSettings


@contextmanager
def open_session(options: InferenceOptions) -> Iterator["Session"]:
    """Open what analyses files. Enter it before anything heavy is imported, and leave it last."""
    from genretag.library.interrupt import deferred

    with ExitStack() as stack:
        executor: Executor
        with deferred():  # broken off half way, an import cannot be made again
            if options.engine == "ray":
                from genretag.executors.ray import RayExecutor

                executor = RayExecutor(options.ray_address, options.timeout_s)
            else:
                from genretag.executors.local import LocalExecutor
                from genretag.library.resources import count_cores

                # First, so that workers are there when the first file is. Closed whatever
                # happens: they would outlive an error.
                local = LocalExecutor(
                    options.jobs or count_cores(), options.timeout_s, "genretag.pipeline.analyse"
                )
                executor = stack.enter_context(local)
            from genretag.inference import runtime  # noqa: F401
        yield Session(options, executor)


class Session:
    """Has processes that start, and no model yet."""

    def __init__(self, options: InferenceOptions, executor: "Executor") -> None:
        self._options = options
        self._executor = executor

    def predictor(self, warn: Warn) -> "Predictor":
        """Load the model, here too: a bad one ends the run early."""
        from genretag.cli.licence import require_agreement
        from genretag.inference import store
        from genretag.library import paths
        from genretag.library.resources import count_cores
        from genretag.pipeline.load import load_calibrated

        file = store.locate(self._options.model, paths.cache_dir(), paths.data_dir())
        threads = self._options.jobs or count_cores()
        model = load_calibrated(file, paths.data_dir(), self._options.device, warn, threads)
        require_agreement(model.base.manifest, model.base.digest)
        return Predictor(self._options, self._executor, file, model, warn)


@dataclass(frozen=True)
class Predictor:
    """Analyses files with the model `loaded` from `file`; `warn` gets what concerns no file."""

    options: InferenceOptions
    executor: "Executor"
    file: Path
    loaded: "Model"
    warn: Warn

    @property
    def manifest(self) -> "ModelManifest":
        """The manifest of the model."""
        return self.loaded.manifest

    @contextmanager
    def cache(self) -> "Iterator[Cache | None]":
        """Open the cache, unless it is not wanted; an interrupt waits until a file is done."""
        from genretag.library.cache import Cache
        from genretag.library.interrupt import deferred
        from genretag.library.paths import cache_dir

        with deferred():
            if self.options.no_cache:
                yield None
            else:
                with Cache(cache_dir(), self.warn) as cache:
                    yield cache

    @contextmanager
    def analyses(
        self, files: "Iterable[Path | Outcome]", selection: "Selection", cache: "Cache | None"
    ) -> "Iterator[Iterator[Analysis]]":
        """Yield what is known of each of `files`, in their order, with predictions if selected."""
        from genretag.library.paths import cache_dir
        from genretag.pipeline.recall import PredictionCache
        from genretag.pipeline.scan import predict_files

        settings = self._settings(selection, cache_dir() if cache else None)
        predictions = PredictionCache.for_model(cache, self.loaded, settings.coverage)
        run = (files, settings, predictions, self.executor, self.loaded, self.warn)
        with closing(predict_files(*run)) as analyses:
            yield analyses

    def _settings(self, selection: "Selection", cache: Path | None) -> "AnalysisSettings":
        from genretag.inference.session import LARGE_BYTES, measure
        from genretag.pipeline.settings import AnalysisSettings

        options, raw = self.options, self.loaded.raw
        is_here = options.engine == "local"
        head = self.loaded.head
        file = head.base_file if head else self.file
        is_shared = is_here and (measure(file) > LARGE_BYTES or raw.fixed_batch is not None)
        batch = GPU_BATCH if raw.device != "cpu" else raw.fixed_batch
        return AnalysisSettings(
            model=file if is_here else file.absolute(),
            selection=selection,
            device=raw.device,
            coverage=options.coverage,
            # Other machines do not see it: what they find is kept here alone.
            cache=cache if is_here else None,
            # File by file: an interrupt waits until what is scored at once is done.
            batch=options.batch_size or batch or (1 if is_shared else None),
            shared=(raw.manifest.to_json(), raw.digest) if is_shared else None,
        )
