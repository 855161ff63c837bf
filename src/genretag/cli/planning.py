"""Plans what to write into files, by the options that `scan` and `watch` have in common."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from genretag.cli.options import InferenceOptions, TaggingOptions, UnitOptions
from genretag.cli.session import Session

# What follows takes long to import: here for types alone, and in functions once workers start.
if TYPE_CHECKING:
    from pathlib import Path

    from genretag.cli.display import Display
    from genretag.domain.advice import ThresholdAdvice
    from genretag.domain.outcome import Outcome
    from genretag.domain.tagging import TagPolicy
    from genretag.inference.session import Model
    from genretag.library.cache import Cache
    from genretag.pipeline.survey import Survey


@dataclass(frozen=True)
class Plan:
    """The outcomes that are to be written into files.

    Attributes:
        policy: by which it is decided.
        outcomes: of the files in their order, each as soon as it is decided.
        advice: on thresholds, once all outcomes were taken.
        cache: None if it is not used.
        uncalibrated: as `--model` takes it, a model in use whose scores are not calibrated, if any.
    """

    policy: "TagPolicy"
    outcomes: "Iterator[Outcome]"
    advice: "ThresholdAdvice"
    cache: "Cache | None"
    uncalibrated: str | None


@dataclass(frozen=True)
class Planner:
    """Plans by the options of a command.

    Attributes:
        context: of the command.
        tagging: what to write.
        units: which tracks are decided together.
        inference: how to analyse.
        video: whether films are analysed too.
        and_default: whether the model that a learned one needs decides where that is unsure.
    """

    context: typer.Context
    tagging: TaggingOptions
    units: UnitOptions
    inference: InferenceOptions
    video: bool
    and_default: bool
    _told: set[str] = field(default_factory=set)

    @contextmanager
    def plan(
        self,
        session: Session,
        display: "Display",
        files: "Iterable[Path | Outcome]",
        start_survey: "Callable[[TagPolicy], Survey | None]",
    ) -> Iterator[Plan]:
        """Yield what is to be written into `files`, while `display` shows the run.

        Args:
            session: analyses them.
            display: is entered once the options are known to be right.
            files: as `find` yields them.
            start_survey: starts to find out how a library spells genres, if that matters.

        Raises:
            UsageError, RunError: an option is wrong, or the model cannot be used.
        """
        from genretag.cli.policy import make_policy
        from genretag.cli.units import open_fallback, open_units
        from genretag.domain.advice import ThresholdAdvice
        from genretag.domain.shown_places import warn_hidden
        from genretag.domain.tagging import selection
        from genretag.pipeline.recall import mark_known
        from genretag.pipeline.scan import plan_files

        predictor = session.predictor(display.warn)
        model = predictor.loaded
        other = model.base if self.and_default else None
        policy = make_policy(self.context, self.tagging, model, other)
        advice = ThresholdAdvice(policy)
        fallback = open_fallback(self.context, self.tagging, self.units, model, self.and_default)
        with (
            display,
            open_units(self.units, model, policy.naming) as units,
            fallback as second,
            predictor.cache() as cache,
            predictor.analyses(files, selection(policy, self.video), cache) as analyses,
        ):
            for text in warn_hidden(policy.routing.places, self.tagging.for_player):
                if text not in self._told:
                    self._told.add(text)
                    display.warn(text)
            survey = start_survey(policy)
            planned = plan_files(display.watch(analyses), policy, units, survey, second)
            outcomes = advice.count(planned)
            outcomes = mark_known(outcomes, cache) if cache else outcomes
            yield Plan(policy, outcomes, advice, cache, self._find_uncalibrated(model))

    def _find_uncalibrated(self, model: "Model") -> str | None:
        if not model.manifest.is_calibrated:
            return self.inference.model
        base = model.manifest.base if self.and_default else None
        return base.model if base and not model.base.manifest.is_calibrated else None
