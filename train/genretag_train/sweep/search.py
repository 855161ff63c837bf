"""Many runs with different settings, the next one chosen by what came of the others: Optuna."""

import json
import math
import os
import socket
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from genretag.errors import Code, RunError, UsageError
from genretag_train.config import TrainConfig, load_config
from genretag_train.progress import Notify, Progress
from genretag_train.run_folder import CURVES, LAST
from genretag_train.sweep import definition
from genretag_train.sweep.definition import METRICS, Choice, Span, Sweep
from genretag_train.sweep.table import curves, kept, rows, taken_up, write
from genretag_train.training import pipeline

TRIALS, STUDY = "trials.csv", "study.db"
USUAL_TRIALS = 20
HEARTBEAT_S, GRACE_S = 20, 120
"""How often a process says that its trial lives, and when silence means that it does not."""

_DONE = (TrialState.COMPLETE, TrialState.PRUNED)
with warnings.catch_warnings():  # of how long Optuna will keep its interface
    warnings.simplefilter("ignore", ExperimentalWarning)
    _again = RetryHeartbeatStaleTrialCallback()

SAMPLERS: Mapping[str, Callable[[Sweep, int], BaseSampler]] = {
    "bayes": lambda sweep, seed: TPESampler(seed=seed),
    "random": lambda sweep, seed: RandomSampler(seed),
    "grid": lambda sweep, seed: GridSampler(sweep.grid, 1),  # its order must stay
}


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
        """How many trials the processes of this sweep do together."""
        told = self.trials or self.sweep.run_cap
        if self.sweep.method == "grid":
            return min(told or self.sweep.grid_size, self.sweep.grid_size)
        return told or USUAL_TRIALS

    def config(self, tried: Mapping[str, Any]) -> TrainConfig:
        """The settings of a trial."""
        config = load_config(self.base, {**self.sweep.constants, **tried})
        alone(config)
        return config


def alone(config: TrainConfig) -> None:
    """UsageError if a run has several processes, which would each start its command again."""
    if config.devices != 1 or config.nodes != 1:
        raise UsageError(
            Code.BAD_CONFIG,
            "Here a run has one device of one machine",
            "Leave out 'devices' and 'nodes'; to use more, start the command once for each.",
        )


def swept(job: SweepJob, notify: Notify, progress: Progress) -> optuna.Study:
    """Do trials until there are enough; each is a run in a folder `trial-N` of `out`.

    Several processes with the same `storage` share them. A trial that was cut short, here
    or in a process that died, is taken up again where its run stopped.

    Raises:
        UsageError: the storage cannot be opened, or holds a sweep that differs.
        RunError: not one trial could be judged.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", ExperimentalWarning)
    job.config({})
    study = _opened(job)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)
    while _missing(study, job):
        try:
            study.optimize(
                lambda trial: _judged(study, trial, job, notify, progress),
                n_trials=1,
                catch=(RuntimeError, ValueError),  # a net too large for memory, a loss of nan
            )
        except BaseException:  # Ctrl-C, a full disk: the next start takes the trial up again
            _take_up(study)
            raise
        finally:
            write(rows(study, job.sweep), job.out / TRIALS)
    if not study.get_trials(states=_DONE):
        raise _nothing_done(study, job)
    return study


def _nothing_done(study: optuna.Study, job: SweepJob) -> RunError:
    if study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        return RunError(
            Code.INTERNAL,
            "All trials of this sweep are still running in other processes",
            f"Wait for them. If they were killed, start again {GRACE_S // 60} minutes after that.",
        )
    return RunError(Code.INTERNAL, "Not one trial could be judged", f"See {job.out / TRIALS}.")


def _opened(job: SweepJob) -> optuna.Study:
    sweep = job.sweep
    job.out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(job.out / "study.lock"):  # SQLite's tables are made by one process
            study = optuna.create_study(
                study_name=sweep.name,
                storage=RDBStorage(
                    job.storage or f"sqlite:///{job.out.absolute() / STUDY}",
                    engine_kwargs={"connect_args": {"timeout": 60}} if _is_sqlite(job) else None,
                    heartbeat_interval=HEARTBEAT_S,
                    grace_period=GRACE_S,
                    heartbeat_stale_trial_callback=_again,
                ),
                sampler=SAMPLERS[sweep.method](sweep, 1),
                pruner=_pruner(job),
                direction=sweep.goal,
                load_if_exists=True,
            )
            _same(study, job)
    except (SQLAlchemyError, StorageInternalError, ImportError) as error:
        raise UsageError(
            Code.BAD_OPTION,
            f"{job.storage or job.out / STUDY}: it cannot be opened: {str(error).splitlines()[0]}",
            "Give --storage a URL like sqlite:////shared/study.db.",
        ) from error
    return study


def _is_sqlite(job: SweepJob) -> bool:
    return not job.storage or job.storage.startswith("sqlite")


def _same(study: optuna.Study, job: SweepJob) -> None:
    """Keep what the sweep is with its study; refuse to mix another one in."""
    sweep = job.sweep
    told = {
        "method": sweep.method,
        "metric": [sweep.metric, sweep.goal],
        "parameters": {name: repr(domain) for name, domain in sweep.parameters.items()},
        "settings": asdict(job.config({})),
        "data": job.data.name,
    }
    before = study.user_attrs.get("sweep")
    if before is None:
        study.set_user_attr("sweep", told)
        return
    changed = [key for key, value in json.loads(json.dumps(told)).items() if value != before[key]]
    if changed:
        raise UsageError(
            Code.BAD_OPTION,
            f"The study holds a sweep '{sweep.name}' with another {' and '.join(changed)}",
            "Choose another --out or --storage, or another name in the sweep file.",
        )


def _pruner(job: SweepJob) -> BasePruner:
    halving = job.sweep.halving
    if not job.prune:
        return NopPruner()
    if halving:
        return SuccessiveHalvingPruner(min_resource=halving.first, reduction_factor=halving.factor)
    return MedianPruner(n_startup_trials=5, n_warmup_steps=3)


def _missing(study: optuna.Study, job: SweepJob) -> bool:
    """Whether there are trials to begin: some wait to be taken up, or too few are done or run."""
    trials = study.get_trials(deepcopy=False)
    begun = [t for t in trials if t.state in (*_DONE, TrialState.RUNNING) or _lost(t)]
    waiting = any(trial.state == TrialState.WAITING for trial in trials)
    return waiting or len(begun) < job.n_trials


def _lost(trial: FrozenTrial) -> bool:
    """Whether a trial failed by its settings: it would fail again."""
    return trial.state == TrialState.FAIL and "error" in trial.user_attrs


def _take_up(study: optuna.Study) -> None:
    """Let the trial that this process left be done again by whoever comes next."""
    again = taken_up(study)
    for trial in study.get_trials(states=(TrialState.FAIL,)):
        ours = trial.user_attrs.get("process") == _process()
        if ours and not _lost(trial) and trial.number not in again:
            _again(study, trial)


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _judged(
    study: optuna.Study,
    trial: optuna.Trial,
    job: SweepJob,
    notify: Notify,
    progress: Progress,
) -> float:
    """Train with the settings of a trial; its metric in the epoch whose weights the run keeps."""
    sweep = job.sweep
    trial.set_user_attr("process", _process())
    if sweep.method != "grid":
        # What is drawn depends on the trial alone, whichever process has it, and however late.
        study.sampler = SAMPLERS[sweep.method](sweep, trial.number)
    frozen = study.get_trials(deepcopy=False)[trial.number]
    first = [*RetryHeartbeatStaleTrialCallback.retry_history(frozen), trial.number][0]
    out = job.out / f"trial-{first}"
    trial.set_user_attr("run", out.name)
    config = job.config({name: _drawn(trial, name, d) for name, d in sweep.tried.items()})
    epochs = Epochs(trial, sweep.metric, out, notify)
    place = pipeline.RunPaths(job.data, out, job.cache)
    try:
        pipeline.train(config, place, (out / LAST).exists(), epochs, progress)
        if math.isnan(epochs.kept[sweep.metric]):
            raise ValueError(f"{sweep.metric} is not a number")
    except optuna.TrialPruned:
        raise
    except (RuntimeError, ValueError) as error:
        trial.set_user_attr("error", f"{type(error).__name__}: {error}"[:500])
        notify(f"{out.name} failed: {error}")
        raise
    finally:
        for name, value in epochs.kept.items():
            trial.set_user_attr(name, value)
    return epochs.kept[sweep.metric]


def _drawn(trial: optuna.Trial, name: str, domain: Choice | Span) -> Any:
    if isinstance(domain, Choice):
        return trial.suggest_categorical(name, domain.values)
    low, high, step = domain.low, domain.high, domain.step
    if step is None:
        return trial.suggest_float(name, low, high, log=domain.log)
    if float(step).is_integer():
        whole = trial.suggest_int(name, round(low), round(high), step=round(step))
        return definition.settings({name: whole})[name]
    return trial.suggest_float(name, low, high, step=step)


class Epochs:
    """What a run tells, turned into reports to its trial, which may end there.

    Once there are epochs, `notify` hears of them alone: of the last words of a run, which are
    of the test side, a sweep makes no use.
    """

    def __init__(self, trial: optuna.Trial, metric: str, out: Path, notify: Notify) -> None:
        self._trial, self._metric, self._say = trial, metric, notify
        self._out, self._seen = out, 0
        self.kept: dict[str, float] = {}

    def __call__(self, text: str) -> None:
        """Report the epochs that are new in the curves; TrialPruned if that was the last."""
        epochs = curves(self._out / CURVES)
        if not epochs:
            self._say(text)
        if len(epochs) == self._seen:
            return
        for row in epochs[self._seen :]:
            self._trial.report(row[self._metric], int(row["epoch"]) + 1)
            told = "  ".join(f"{name} {row[name]:.4g}" for name in METRICS)
            self._say(f"{self._out.name}  epoch {row['epoch']:.0f}  {told}")
        self._seen = len(epochs)
        self.kept = {"epochs": len(epochs), **{name: kept(epochs)[name] for name in METRICS}}
        if self._trial.should_prune():
            self._say(f"{self._out.name}  ends here: others were better by then")
            raise optuna.TrialPruned
