"""The Optuna study that the processes of a sweep share, and trials that were cut short."""

import json
import os
import socket
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict

import optuna
from filelock import FileLock
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from genretag.errors import Code, RunError, UsageError
from genretag_train.sweep.definition import Sweep
from genretag_train.sweep.job import SweepJob

DATABASE, TRIALS = "study.db", "trials.csv"
HEARTBEAT_S, GRACE_S = 20, 120
"""Seconds between heartbeats of a trial, and seconds of silence after which it counts as dead."""

_DONE = (TrialState.COMPLETE, TrialState.PRUNED)
_WARMUP_TRIALS, _WARMUP_EPOCHS = 5, 3

SAMPLERS: Mapping[str, Callable[[Sweep, int], BaseSampler]] = {
    "bayes": lambda sweep, seed: TPESampler(seed=seed),
    "random": lambda sweep, seed: RandomSampler(seed),
    "grid": lambda sweep, seed: GridSampler(sweep.grid, 1),  # its order must stay
}

with warnings.catch_warnings():  # Optuna may change this interface
    warnings.simplefilter("ignore", ExperimentalWarning)
    _retry = RetryHeartbeatStaleTrialCallback(inherit_intermediate_values=True)


def open_study(job: SweepJob) -> optuna.Study:
    """Open or make the study, and let others' trials that died be done again.

    Raises:
        UsageError: the storage cannot be opened, or holds a sweep that differs.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", ExperimentalWarning)
    job.out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(job.out / "study.lock"):  # SQLite's tables are made by one process
            study = optuna.create_study(
                study_name=job.sweep.name,
                storage=_open_storage(job),
                sampler=SAMPLERS[job.sweep.method](job.sweep, 1),
                pruner=_make_pruner(job),
                direction=job.sweep.goal,
                load_if_exists=True,
            )
            _require_same(study, job)
    except (SQLAlchemyError, StorageInternalError, ImportError) as error:
        database = job.storage or job.out / DATABASE
        raise UsageError(
            Code.BAD_OPTION,
            f"{database}: it cannot be opened: {str(error).splitlines()[0]}",
            "Give --storage a URL like sqlite:////shared/study.db.",
        ) from error
    optuna.storages.fail_stale_trials(study)
    return study


def _open_storage(job: SweepJob) -> RDBStorage:
    url = job.storage or f"sqlite:///{job.out.absolute() / DATABASE}"
    return RDBStorage(
        url,
        engine_kwargs={"connect_args": {"timeout": 60}} if url.startswith("sqlite") else None,
        heartbeat_interval=HEARTBEAT_S,
        grace_period=GRACE_S,
        heartbeat_stale_trial_callback=_retry,
    )


def _make_pruner(job: SweepJob) -> BasePruner:
    halving = job.sweep.halving
    if not job.prune:
        return NopPruner()
    if halving:
        return SuccessiveHalvingPruner(min_resource=halving.first, reduction_factor=halving.factor)
    return MedianPruner(_WARMUP_TRIALS, _WARMUP_EPOCHS)


def _require_same(study: optuna.Study, job: SweepJob) -> None:
    """Keep what the sweep is with its study; UsageError if the study is of another sweep."""
    sweep = job.sweep
    identity = {
        "method": sweep.method,
        "metric": [sweep.metric, sweep.goal],
        "parameters": {name: repr(domain) for name, domain in sweep.parameters.items()},
        "settings": asdict(job.make_config({})),
        "data": job.data.name,
    }
    before = study.user_attrs.get("sweep")
    if before is None:
        study.set_user_attr("sweep", identity)
        return
    now = json.loads(json.dumps(identity))
    changed = [key for key, value in now.items() if value != before[key]]
    if changed:
        raise UsageError(
            Code.BAD_OPTION,
            f"The study holds a sweep '{sweep.name}' with another {' and '.join(changed)}",
            "Choose another --out or --storage, or another name in the sweep file.",
        )


def needs_trials(study: optuna.Study, job: SweepJob) -> bool:
    """Tell whether a trial is to be begun: one waits, or too few are done or running."""
    trials = study.get_trials(deepcopy=False)
    begun = [t for t in trials if t.state in (*_DONE, TrialState.RUNNING) or _has_error(t)]
    waiting = any(trial.state == TrialState.WAITING for trial in trials)
    return waiting or len(begun) < job.n_trials


def require_result(study: optuna.Study, job: SweepJob) -> None:
    """Raise RunError if no trial is done."""
    if study.get_trials(deepcopy=False, states=_DONE):
        return
    if study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        raise RunError(
            Code.INTERNAL,
            "All trials of this sweep are still running in other processes",
            f"Wait for them. If they were killed, start again {GRACE_S // 60} minutes after that.",
        )
    raise RunError(Code.INTERNAL, "No trial could be completed", f"See {job.out / TRIALS}.")


def retry_own_trials(study: optuna.Study) -> None:
    """Let the trial that this process left be done again by whoever comes next."""
    retried = find_retried(study)
    for trial in study.get_trials(states=(TrialState.FAIL,)):
        own = trial.user_attrs.get("process") == get_process_name()
        if own and not _has_error(trial) and trial.number not in retried:
            _retry(study, trial)


def find_retried(study: optuna.Study) -> set[int]:
    """Return the numbers of trials that were cut short and go on under another number."""
    trials = study.get_trials(deepcopy=False)
    return {n for t in trials for n in RetryHeartbeatStaleTrialCallback.retry_history(t)}


def find_first_number(trial: FrozenTrial) -> int:
    """Return the number that a trial had before it was cut short, else its own."""
    return [*RetryHeartbeatStaleTrialCallback.retry_history(trial), trial.number][0]


def get_process_name() -> str:
    """Return the name of this process among those that share a study."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _has_error(trial: FrozenTrial) -> bool:
    """Tell whether a trial failed by its settings: it would fail again."""
    return trial.state == TrialState.FAIL and "error" in trial.user_attrs
