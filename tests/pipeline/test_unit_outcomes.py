"""Who shows the outcomes of a unit together knows when all of them have come."""

from collections import Counter
from pathlib import Path

import pytest

from genretag.domain.analysis import Analysis
from genretag.domain.change import TagChange
from genretag.domain.outcome import Failed, Planned
from genretag.domain.pooling import Pooling
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.tagging import TagPolicy
from genretag.domain.track import Track
from genretag.domain.unit import Unit
from genretag.pipeline.annotate import annotate
from genretag.pipeline.decide import UnitSettings, decide
from genretag.pipeline.group import group

POOLING = Pooling(0.1, 1.0, 0.5, 0.9, 0.9, 0.7, 0.5, 0.7, 0.9)


def analysis(name: str, score: float, album: str, genre: str = "") -> Analysis:
    path = Path("/music/x") / name
    track = Track(path, "FLAC", (genre,) if genre else (), artist="Tool", album=album)
    best = (ScoredGenre("Metal", score), ScoredGenre("Pop", 1 - score))
    return Analysis(path, track, Prediction(best, 4, 180.0, "toy"))


@pytest.mark.parametrize("mode", ["fill", "replace", "add"])
def test_a_unit_counts_the_files_whose_outcomes_have_it(mode: str) -> None:
    analyses = [
        analysis(f"{n}.flac", 0.9 - n / 50, "AB"[n % 2], "Rock" if n % 3 == 0 else "")
        for n in range(12)
    ]
    units = UnitSettings("album", POOLING)
    policy = TagPolicy(mode)  # type: ignore[arg-type]
    decided = list(decide(group(analyses, "album"), policy, units))
    found = [one.outcome.unit for one in decided if one.outcome and one.outcome.unit]
    counts = Counter(map(id, found))
    assert {unit.name for unit in found} == {"Tool / A", "Tool / B"}
    assert all(counts[id(unit)] == unit.undecided for unit in found)


def test_a_file_that_cannot_be_read_any_more_stays_in_its_unit(tmp_path: Path) -> None:
    change = TagChange(tmp_path / "gone.flac", "FLAC", (), ("Metal",))
    unit = Unit("album", "Tool / A", 2, undecided=2)
    planned = Planned.of(change).convert(Planned, change=change, unit=unit)
    [outcome] = annotate([Analysis(change.path, outcome=planned)])
    assert isinstance(outcome, Failed) and outcome.unit is unit
