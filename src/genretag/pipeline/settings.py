"""Settings of the analysis that all stages share."""

from dataclasses import dataclass
from pathlib import Path

from genretag.domain.selection import Selection


@dataclass(frozen=True)
class AnalysisSettings:
    """Settings that every worker needs: small, and fit to be sent to another process.

    Attributes:
        model: its file.
        selection: which tracks are scored.
        device: where.
        coverage: a key of `domain.window.COVERAGES`.
        cache: the folder of the cache; None without one.
        batch: with it, workers only extract, and one process scores that many windows at once, of
            whichever files they are: what a GPU needs. Files of full coverage stay with a worker,
            as their windows are too much to send.
        shared: the manifest of the model as JSON and its digest, if workers may not load it, since
            it is large or scores many windows at once: then they send their windows in any case. It
            needs `batch`.
    """

    model: Path
    selection: Selection
    device: str = "cpu"
    coverage: str = "balanced"
    cache: Path | None = None
    batch: int | None = None
    shared: tuple[str, str] | None = None

    @property
    def worker_device(self) -> str:
        """The device of workers: the CPU if another one is left to one process."""
        return "cpu" if self.batch is not None else self.device

    @property
    def scores_in_parent(self) -> bool:
        """Whether workers leave the scoring to the process that started them."""
        return self.batch is not None and (self.coverage != "full" or self.shared is not None)
