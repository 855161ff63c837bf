"""The stages of a run over many files, in their order."""

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from itertools import chain as join
from pathlib import Path
from typing import Any

from genretag.domain.analysis import Analysis
from genretag.domain.outcome import Outcome
from genretag.domain.tagging import TagPolicy
from genretag.errors import Warn
from genretag.executors.base import Executor, Work
from genretag.inference.session import Model
from genretag.pipeline.analyse import Analyser
from genretag.pipeline.annotate import annotate
from genretag.pipeline.decide import BY_TRACK, Fallback, UnitSettings, decide, keep_decided
from genretag.pipeline.group import group
from genretag.pipeline.recall import PredictionCache, recall, remember
from genretag.pipeline.score import BatchScorer, rescore
from genretag.pipeline.settings import AnalysisSettings
from genretag.pipeline.survey import Survey

_MOST_AHEAD = 10_000
"""Analyses that are kept at most until it is known how a library spells genres."""

Stage = Callable[[Any], Iterator[Any]]
"""Takes what the stage before yields, one by one, and yields what the next one takes."""


def predict_files(
    files: Iterable[Path | Outcome],
    settings: AnalysisSettings,
    predictions: PredictionCache,
    executor: Executor,
    model: Model,
    warn: Warn,
    work: Work | None = None,
) -> Generator[Analysis, None, None]:
    """Yield what is known of each file, with a prediction where `settings` select it.

    Args:
        files: paths to analyse, and outcomes that are passed on, as `find` yields them.
        settings: how to analyse.
        predictions: knows files that nobody has touched, and keeps what is new.
        executor: where files are read, their windows extracted and scored.
        model: scores windows here where `settings` say so; `settings` and `predictions` are those
            of the raw model, and a learned head or a calibration comes last.
        warn: gets one message if the model's device fails and the CPU goes on.
        work: what the executor does with a file, to read, extract, score and aggregate; None to
            have each process load the model for that.
    """
    yield from chain(
        files,
        partial(recall, predictions=predictions, selection=settings.selection),
        partial(executor.run, work=work or Analyser(settings)),
        BatchScorer(model.raw, settings, warn).score,  # what workers have left to one process
        partial(remember, predictions=predictions),
        partial(rescore, model=model),
    )


def plan_files(
    analyses: Iterable[Analysis],
    policy: TagPolicy,
    units: UnitSettings = BY_TRACK,
    survey: Survey | None = None,
    fallback: Fallback | None = None,
) -> Iterator[Outcome]:
    """Yield what is to be written into each file under `policy`, with notes for a person."""
    return annotate(decide_files(analyses, policy, units, survey, fallback))


def decide_files(
    analyses: Iterable[Analysis],
    policy: TagPolicy,
    units: UnitSettings = BY_TRACK,
    survey: Survey | None = None,
    fallback: Fallback | None = None,
) -> Iterator[Analysis]:
    """Yield each file with what `policy` makes of it, in the spellings of a `survey` if given.

    A `fallback` decides where that is unsure.
    """
    analyses = iter(analyses)
    first: list[Analysis] = []
    if survey:
        # Who waits takes what is analysed meanwhile: workers do not get far ahead by themselves.
        while not survey.complete and len(first) < _MOST_AHEAD:
            analysis = next(analyses, None)
            if analysis is None:
                break
            first.append(analysis)
        spellings = next(survey)
        policy = policy.with_spellings(spellings)
        fallback = fallback and fallback.with_spellings(spellings)
    yield from chain(
        join(first, analyses),
        partial(keep_decided, policy=policy, units=units),
        partial(group, by=units.kind),
        partial(decide, policy=policy, units=units, fallback=fallback),
    )


def chain(items: Iterable[Any], *stages: Stage) -> Iterator[Any]:
    """Return what comes out of the last of `stages` if `items` go into the first.

    >>> list(chain("ab", lambda letters: map(str.upper, letters), enumerate))
    [(0, 'A'), (1, 'B')]
    """
    for stage in stages:
        items = stage(items)
    return iter(items)
