"""A sweep whose settings a W&B server chooses; the runs are done here."""

from typing import Any

from genretag.errors import ExtraMissingError
from genretag_train.progress import Notify, Progress
from genretag_train.sweep.job import SweepJob
from genretag_train.sweep.settings import convert_settings
from genretag_train.training import pipeline
from genretag_train.training.loggers import PROJECT, translate_wandb_errors


def run_agent(job: SweepJob, notify: Notify, progress: Progress) -> str:
    """Register the sweep with W&B and do the runs that it asks for; return its identity there.

    Raises:
        ExtraMissingError: wandb is not installed.
        RunError: W&B cannot be reached, or nobody is logged in.
    """
    try:
        import wandb
    except ModuleNotFoundError as error:
        raise ExtraMissingError("A sweep by Weights & Biases", "wandb") from error
    job.make_config({})  # refuses wrong settings
    project = str(job.sweep.raw.get("project") or PROJECT)

    def run() -> None:
        wandb_run: Any = wandb.init()
        try:
            config = job.make_config(convert_settings(dict(wandb_run.config)))
            paths = pipeline.RunPaths(job.data, job.out / wandb_run.id, job.cache, wandb=True)
            pipeline.train(config, paths, False, notify, progress)
        finally:
            wandb_run.finish()

    with translate_wandb_errors(
        "Weights & Biases refuses the sweep", "Log in with `wandb login`, or leave out --wandb."
    ):
        identity = wandb.sweep(dict(job.sweep.raw), project=project)
        wandb.agent(identity, function=run, project=project, count=job.n_trials)
    return str(identity)
