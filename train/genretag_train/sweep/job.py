"""A sweep as a command gives it: its file, where it reads and writes, how many trials it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genretag.errors import Code, UsageError
from genretag_train.config import TrainConfig, load_config
from genretag_train.sweep.definition import Sweep

DEFAULT_TRIALS = 20


@dataclass(frozen=True)
class SweepJob:
    """A sweep, where it reads and writes, and which settings all its runs share.

    `storage` is the URL of the database that the processes of a sweep share; `trials` is
    how many they do together, None for as many as the sweep says.
    """

    sweep: Sweep
    data: Path
    out: Path
    cache: Path
    base: Path | None = None
    storage: str = ""
    trials: int | None = None
    prune: bool = True

    @property
    def n_trials(self) -> int:
        """The number of trials of all processes of this sweep together."""
        wanted = self.trials or self.sweep.run_cap
        if self.sweep.method == "grid":
            return min(wanted or self.sweep.grid_size, self.sweep.grid_size)
        return wanted or DEFAULT_TRIALS

    def make_config(self, tried: Mapping[str, Any]) -> TrainConfig:
        """Return the settings of a trial; UsageError if one is wrong."""
        config = load_config(self.base, {**self.sweep.constants, **tried})
        require_one_device(config)
        return config


def require_one_device(config: TrainConfig) -> None:
    """Raise UsageError if a run has several processes: each would start its command again."""
    if config.devices != 1 or config.nodes != 1:
        raise UsageError(
            Code.BAD_CONFIG,
            "Here a run has one device of one machine",
            "Leave out 'devices' and 'nodes'; to use more, start the command once for each.",
        )
