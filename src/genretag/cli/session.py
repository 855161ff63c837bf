"""Hears files for commands: the processes that listen, the model, what is remembered."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from genretag.cli.options import DEFAULT_MODEL, Coverage, Device

# What follows takes long to import: here for types alone, and in functions once workers start.
if TYPE_CHECKING:
    from genretag.domain.manifest import ModelManifest
    from genretag.domain.outcome import Outcome
    from genretag.domain.tagging import TagPolicy
    from genretag.inference.session import Model
    from genretag.pipeline.analysis import ScanSettings
    from genretag.pipeline.pool import Pool
    from genretag.pipeline.scan import Engine

GPU_BATCH = 64


@dataclass(frozen=True)
class InferenceOptions:
    """How files are heard, in the words of the options."""

    model: str = DEFAULT_MODEL
    coverage: Coverage = "balanced"
    device: Device = "auto"
    jobs: int | None = None
    timeout_s: float = 120.0
    no_cache: bool = False
    batch_size: int | None = None
    engine: Literal["local", "ray"] = "local"
    ray_address: str | None = None
    video: bool = False


@contextmanager
def open_session(how: InferenceOptions) -> Iterator["Session"]:
    """Who hears files. Enter it before anything heavy is imported, and leave it last."""
    from genretag.library import resources
    from genretag.library.interrupt import held
    from genretag.pipeline.pool import Pool

    with ExitStack() as stack:
        # First, so that workers are there when the first file is. Closed whatever happens:
        # they would outlive an error.
        pool = None if how.engine == "ray" else Pool(how.jobs or resources.cores())
        if pool:
            stack.enter_context(closing(pool))
        with held():  # broken off half way, this import cannot be made again
            from genretag.inference import runtime  # noqa: F401
        yield Session(how, pool)


class Session:
    """Has processes that start, and no model yet."""

    def __init__(self, how: InferenceOptions, pool: "Pool | None") -> None:
        self._how = how
        self._pool = pool

    def predictor(self, warn: Callable[[str], None]) -> "Predictor":
        """The listener with its model, which is loaded here too: a bad one ends the run early."""
        from genretag.inference import session, store
        from genretag.library import paths

        file = store.locate(self._how.model, paths.cache_dir())
        return Predictor(
            self._how, self._pool, file, session.load(file, self._how.device, warn), warn
        )


@dataclass(frozen=True)
class Predictor:
    """Hears files with the model `loaded` from `file`, and tells `warn` what concerns no file."""

    how: InferenceOptions
    pool: "Pool | None"
    file: Path
    loaded: "Model"
    warn: Callable[[str], None]

    @property
    def manifest(self) -> "ModelManifest":
        """What the model says of itself."""
        return self.loaded.manifest

    @contextmanager
    def outcomes(
        self, files: "Iterable[Path | Outcome]", policy: "TagPolicy"
    ) -> "Iterator[Generator[Outcome, None, None]]":
        """One outcome for each of `files`, in their order, as `pipeline.scan` yields them."""
        from genretag.library.cache import Cache
        from genretag.pipeline import scan
        from genretag.pipeline.analysis import Memory

        settings = self._settings(policy)
        with ExitStack() as stack:
            cache = None
            if settings.cache:
                cache = stack.enter_context(Cache(settings.cache, self.warn))
            memory = Memory(cache, settings, self.loaded.digest)
            found = scan.scan(files, settings, memory, self._engine(), self.loaded, self.warn)
            yield stack.enter_context(closing(found))

    def heard(
        self, files: "Iterable[Path | Outcome]"
    ) -> "AbstractContextManager[Generator[Outcome, None, None]]":
        """As `outcomes`, with whatever is heard in each of `files`, and nothing to write."""
        from genretag.domain.tagging import TagPolicy

        return self.outcomes(files, TagPolicy("replace", threshold=1.0))

    def _settings(self, policy: "TagPolicy") -> "ScanSettings":
        from genretag.library import paths
        from genretag.pipeline.analysis import ScanSettings

        device = self.loaded.device
        return ScanSettings(
            model=self.file,
            policy=policy,
            device=device,
            coverage=self.how.coverage,
            batch=self.how.batch_size or (None if device == "cpu" else GPU_BATCH),
            cache=None if self.how.no_cache else paths.cache_dir(),
            video=self.how.video,
        )

    def _engine(self) -> "Engine":
        from genretag.pipeline import cluster, workers

        if self.pool:
            return partial(workers.local, pool=self.pool, timeout_s=self.how.timeout_s)
        return partial(cluster.spread, address=self.how.ray_address, timeout_s=self.how.timeout_s)
