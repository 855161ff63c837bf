"""A sweep whose settings a W&B server chooses; the runs are done here."""

from typing import Any

from genretag.errors import Code, ExtraMissingError, RunError
from genretag_train import pipeline, sweep_file
from genretag_train.hearing import Progress
from genretag_train.loggers import PROJECT
from genretag_train.sweep import Errand


def handed(errand: Errand, say: pipeline.Say, progress: Progress) -> str:
    """Register the sweep with W&B and do the runs that it asks for; its identity there.

    Raises:
        ExtraMissingError: wandb is not installed.
        RunError: W&B cannot be reached, or nobody is logged in.
    """
    try:
        import wandb
    except ModuleNotFoundError as error:
        raise ExtraMissingError("A sweep by Weights & Biases", "wandb") from error
    errand.config({})
    project = str(errand.sweep.raw.get("project") or PROJECT)

    def run() -> None:
        found: Any = wandb.init()
        try:
            config = errand.config(sweep_file.settings(dict(found.config)))
            place = pipeline.Place(errand.data, errand.out / found.id, errand.cache, wandb=True)
            pipeline.train(config, place, False, say, progress)
        finally:
            found.finish()

    try:
        identity = wandb.sweep(dict(errand.sweep.raw), project=project)
        wandb.agent(identity, function=run, project=project, count=errand.n_trials)
    except wandb.errors.Error as error:
        raise RunError(
            Code.DATA_UNREACHABLE,
            f"Weights & Biases refuses the sweep: {error}",
            "Log in with `wandb login`, or leave out --wandb.",
        ) from error
    return str(identity)
