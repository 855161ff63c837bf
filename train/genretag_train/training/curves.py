"""The curves of a run: one row of scores per epoch in `curves.csv`."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import lightning.pytorch as lightning
from lightning.pytorch.callbacks import Callback

from genretag_train.progress import Notify
from genretag_train.run_folder import VALID_METRICS


class CurvesWriter(Callback):
    """Writes a row for each epoch; a resumed run goes on below what it had written."""

    def __init__(self, file: Path, notify: Notify) -> None:
        self._file, self._notify = file, notify

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Write the row of this epoch."""
        if not trainer.is_global_zero:
            return
        scores = {
            name: float(trainer.callback_metrics[name]) for name in ("train_loss", *VALID_METRICS)
        }
        scores["learning_rate"] = float(trainer.optimizers[0].param_groups[0]["lr"])
        for logger in trainer.loggers:
            logger.log_metrics(
                {"epoch_avg_loss": scores["train_loss"], **scores}, trainer.global_step
            )
        row = {"epoch": trainer.current_epoch, **scores}
        earlier = [old for old in read_curves(self._file) if old["epoch"] < row["epoch"]]
        part = self._file.with_name(f"{self._file.name}.part")
        with part.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, row)
            writer.writeheader()
            writer.writerows([*earlier, row])
        part.replace(self._file)  # a run that is killed now keeps its earlier epochs
        self._notify("  ".join(f"{name} {value:.4g}" for name, value in row.items()))


def read_curves(file: Path) -> list[dict[str, float]]:
    """Return the rows of `curves.csv`; none if it is not there yet."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            {name: int(text) if name == "epoch" else float(text) for name, text in row.items()}
            for row in csv.DictReader(lines)
        ]


def find_best_epoch(epochs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the epoch whose weights a run keeps: the first with the least `val_loss`.

    >>> find_best_epoch([{"val_loss": 2.0}, {"val_loss": 1.0}])
    {'val_loss': 1.0}
    """
    return min(epochs, key=lambda row: (math.isnan(row["val_loss"]), row["val_loss"]))
