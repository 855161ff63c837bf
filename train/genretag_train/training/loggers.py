"""Where a run is logged beside its own `curves.csv`: Weights & Biases, TensorBoard."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, TensorBoardLogger, WandbLogger

from genretag.errors import Code, ExtraMissingError, RunError
from genretag_train.config import TrainConfig

PROJECT = "genretag"


def make_loggers(config: TrainConfig, out: Path, wandb: bool, tensorboard: bool) -> list[Logger]:
    """Return the loggers that were asked for.

    Weights & Biases obeys its own environment: WANDB_MODE=offline keeps the run in `out`.

    Raises:
        ExtraMissingError: one is not installed.
        RunError: `data-unreachable`, Weights & Biases cannot be reached, or nobody is logged in.
    """
    loggers: list[Logger] = []
    try:
        if wandb:
            logger = WandbLogger(
                name=out.name, save_dir=out, project=PROJECT, config=asdict(config)
            )
            with translate_wandb_errors(
                "Weights & Biases does not take the run",
                "Log in with `wandb login`, set WANDB_MODE=offline, or leave out --wandb.",
            ):
                # Lightning would begin the run in the midst of its own work.
                _ = logger.experiment
            loggers.append(logger)
    except ModuleNotFoundError as error:
        raise ExtraMissingError("logging to Weights & Biases", "wandb") from error
    try:
        if tensorboard:
            loggers.append(TensorBoardLogger(out, name="", version="tensorboard"))
    except ModuleNotFoundError as error:
        raise ExtraMissingError("logging to TensorBoard", "tensorboard") from error
    return loggers


@contextmanager
def translate_wandb_errors(message: str, hint: str) -> Iterator[None]:
    """Raise RunError `data-unreachable`, with the reason after `message`, where W&B refuses."""
    import wandb

    try:
        yield
    except wandb.errors.Error as error:
        raise RunError(
            Code.DATA_UNREACHABLE, f"{message}: {str(error).splitlines()[0]}", hint
        ) from error


def log_confusion(
    loggers: Sequence[Logger], genres: Sequence[str], counts: Sequence[Sequence[int]]
) -> None:
    """Give Weights & Biases the confusion matrix of the valid side, and end its run.

    Args:
        loggers: of the run.
        genres: [n_genres].
        counts: [n_genres, n_genres], rows are true genres.
    """
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            import wandb

            pairs = [
                (truth, predicted)
                for truth, row in enumerate(counts)
                for predicted, count in enumerate(row)
                for _ in range(count)
            ]
            plots: Any = wandb.plot
            matrix = plots.confusion_matrix(
                y_true=[truth for truth, _ in pairs],
                preds=[predicted for _, predicted in pairs],
                class_names=list(genres),
            )
            logger.experiment.log({"confusion_matrix": matrix})
            wandb.finish()
