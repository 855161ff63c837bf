"""The data that pictures of one model are drawn from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genretag.domain.genre import fold_name
from genretag.errors import Code, UsageError
from genretag_train.data.dataset import SIDES
from genretag_train.evaluation.clips import (
    SelectedClips,
    Side,
    find_data,
    rebuild_corpus,
    select_clips,
)
from genretag_train.evaluation.evaluate import ClipScores, score_clips
from genretag_train.evaluation.models import EvaluatedModel, load_model
from genretag_train.progress import Progress

_STUDY = ("Pop", "Rock")


@dataclass(frozen=True, eq=False)
class PlotData:
    """A model, its scores of labelled clips, and the sizes of its genres.

    `sides` counts the clips of each genre on each side, in the order of `genres`;
    `confusion` names the true genre and what it is taken for, None for the most frequent.
    """

    model: EvaluatedModel
    scored: ClipScores
    sides: Mapping[str, Sequence[int]]
    confusion: tuple[str, str] | None

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres in the order of the model's outputs."""
        return self.model.genres


def collect_data(
    target: str, data: Path | None, side: Side, confusion: str | None, progress: Progress
) -> PlotData:
    """Load a run or a model and score the clips on a side; `confusion` is TRUE:SAID.

    Raises:
        UsageError: there is no such run or genre.
        RunError: `bad-dataset`, as `select_clips` has it.
    """
    model = load_model(target)
    data = find_data(data, model.facts)
    pair = None if confusion is None else _parse_confusion(model, confusion)
    selected = select_clips(model, data, side)
    scored = score_clips(model, selected.clips, progress)
    if pair is None and _occurs(_STUDY, model, scored):
        pair = _STUDY
    return PlotData(model, scored, _count_sides(model, data, side, selected), pair)


def _parse_confusion(model: EvaluatedModel, confusion: str) -> tuple[str, str]:
    true, _, predicted = map(fold_name, confusion.partition(":"))
    if true not in model.labels or predicted not in model.labels:
        raise UsageError(
            Code.BAD_OPTION,
            f"--confusion {confusion!r} is not TRUE:SAID with two genres of {model.name}",
            f"It knows {', '.join(model.genres)}.",
        )
    return model.genres[model.labels[true]], model.genres[model.labels[predicted]]


def _occurs(pair: tuple[str, str], model: EvaluatedModel, scored: ClipScores) -> bool:
    if not set(pair) <= set(model.genres):
        return False
    true, predicted = map(model.genres.index, pair)
    return bool(((scored.truth == true) & (scored.predicted == predicted)).any())


def _count_sides(
    model: EvaluatedModel, data: Path, side: Side, selected: SelectedClips
) -> dict[str, list[int]]:
    """Count the clips of each genre by side where the split is known, else the selected ones."""

    def count(genres: Iterable[str]) -> list[int]:
        spelled = [fold_name(genre) for genre in genres]
        return [spelled.count(fold_name(genre)) for genre in model.genres]

    if side == "all" or model.config is None:
        return {"all": count(clip.genre for clip in selected.clips)}
    corpus = rebuild_corpus(data, model.config, model.facts)
    return {name: count(clip.genre for clip in corpus.members(name)) for name in SIDES}
