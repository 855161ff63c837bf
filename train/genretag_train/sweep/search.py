"""Many runs with different settings, the next one chosen by the results of the others: Optuna."""

import math
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import optuna
from lightning.pytorch.callbacks import Callback

from genretag_train.progress import Notify, Progress
from genretag_train.run_folder import CURVES, LAST, VALID_METRICS
from genretag_train.sweep.definition import Choice, Span
from genretag_train.sweep.job import SweepJob
from genretag_train.sweep.settings import convert_settings
from genretag_train.sweep.study import (
    SAMPLERS,
    TRIALS,
    find_first_number,
    get_process_name,
    needs_trials,
    open_study,
    require_result,
    retry_own_trials,
)
from genretag_train.sweep.table import make_rows, write_rows
from genretag_train.training import pipeline
from genretag_train.training.curves import find_best_epoch, read_curves


def run_sweep(job: SweepJob, notify: Notify, progress: Progress) -> optuna.Study:
    """Do trials until there are enough; each is a run in a folder `trial-N` of `out`.

    Several processes with the same `storage` share them. A trial that was cut short, here
    or in a process that died, goes on where its run stopped.

    Raises:
        UsageError: the storage cannot be opened, or holds a sweep that differs.
        RunError: no trial could be completed.
    """
    job.make_config({})  # refuses wrong settings
    study = open_study(job)
    while needs_trials(study, job):
        try:
            study.optimize(
                lambda trial: _run_trial(study, trial, job, notify, progress),
                n_trials=1,
                catch=(RuntimeError, ValueError),  # a net too large for memory, a loss of nan
            )
        except BaseException:  # Ctrl-C, a full disk: the next start goes on with the trial
            retry_own_trials(study)
            raise
        finally:
            write_rows(make_rows(study, job.sweep), job.out / TRIALS)
    require_result(study, job)
    return study


def _run_trial(
    study: optuna.Study, trial: optuna.Trial, job: SweepJob, notify: Notify, progress: Progress
) -> float:
    """Train with the settings of a trial; return its metric in the epoch that the run keeps."""
    sweep = job.sweep
    trial.set_user_attr("process", get_process_name())
    if sweep.method != "grid":
        # What is drawn depends on the trial alone, whichever process has it, and however late.
        study.sampler = SAMPLERS[sweep.method](sweep, trial.number)
    out = job.out / f"trial-{find_first_number(study.get_trials(deepcopy=False)[trial.number])}"
    trial.set_user_attr("run", out.name)
    config = job.make_config({n: suggest(trial, n, domain) for n, domain in sweep.tried.items()})
    paths = pipeline.RunPaths(job.data, out, job.cache)

    resume, pruning = (out / LAST).exists(), PruningCallback(trial, sweep.metric)

    def notify_of_run(text: str) -> None:
        notify(f"{out.name}  {text}")

    try:
        pipeline.train(config, paths, resume, notify_of_run, progress, [pruning])
        score = _read_scores(out)[sweep.metric]
        if math.isnan(score):
            raise ValueError(f"{sweep.metric} is not a number")
    except optuna.TrialPruned:
        notify_of_run("ends here: others were better by then")
        raise
    except (RuntimeError, ValueError) as error:
        trial.set_user_attr("error", f"{type(error).__name__}: {error}"[:500])
        notify_of_run(f"failed: {error}")
        raise
    finally:
        for name, value in _read_scores(out).items():
            trial.set_user_attr(name, value)
    return score


def suggest(trial: optuna.Trial, name: str, domain: Choice | Span) -> Any:
    """Let Optuna choose the value of a setting."""
    if isinstance(domain, Choice):
        return trial.suggest_categorical(name, domain.values)
    low, high, step = domain.low, domain.high, domain.step
    if step is None:
        return trial.suggest_float(name, low, high, log=domain.log)
    if float(step).is_integer():
        whole = trial.suggest_int(name, round(low), round(high), step=round(step))
        return convert_settings({name: whole})[name]
    return trial.suggest_float(name, low, high, step=step)


def _read_scores(out: Path) -> dict[str, float]:
    """Return the number of a run's epochs and the scores of the best; none before the first."""
    epochs = read_curves(out / CURVES)
    if not epochs:
        return {}
    best = find_best_epoch(epochs)
    return {"epochs": len(epochs), **{name: best[name] for name in VALID_METRICS}}


class PruningCallback(Callback):
    """Reports each epoch to a trial and ends the run where the study's pruner says so.

    Optuna's own counts epochs from 0, so that hyperband would halve one epoch late, and ends a run
    before the epoch is in its curves.
    """

    def __init__(self, trial: optuna.Trial, metric: str) -> None:
        self._trial, self._metric = trial, metric

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Report the epoch; raise TrialPruned if others were better by then."""
        score = float(trainer.callback_metrics[self._metric])
        self._trial.report(score, trainer.current_epoch + 1)
        if self._trial.should_prune():
            raise optuna.TrialPruned
