"""Stage 8: decide what to write into the files of a unit."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from genretag.domain import tagging
from genretag.domain.analysis import Analysis
from genretag.domain.tagging import TagPolicy
from genretag.pipeline.group import Unit


def decide(units: Iterable[Unit], policy: TagPolicy) -> Iterator[Analysis]:
    """Yield each file with its outcome under `policy`."""
    for unit in units:
        for analysis in unit:
            yield _decide(analysis, policy)


def _decide(analysis: Analysis, policy: TagPolicy) -> Analysis:
    if analysis.outcome or not analysis.track or not analysis.prediction:
        return analysis
    return replace(analysis, outcome=tagging.decide(analysis.track, analysis.prediction, policy))
