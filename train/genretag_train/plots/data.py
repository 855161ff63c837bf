"""The data that pictures of one model are drawn from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genretag.domain.genre import fold_name
from genretag.errors import Code, UsageError
from genretag_train.data.dataset import SIDES, Clip, bad_dataset
from genretag_train.data.fma import short_name
from genretag_train.evaluation.clips import (
    SelectedClips,
    Side,
    find_data,
    rebuild_corpus,
    select_clips,
)
from genretag_train.evaluation.evaluate import ClipScores, score_clips
from genretag_train.evaluation.models import EvaluatedModel, load_model
from genretag_train.features.extraction import Skipped
from genretag_train.plots.named import find_named, find_study, refuse_clip
from genretag_train.progress import Progress

_STUDY_CONFUSION = ("Pop", "Rock")


@dataclass(frozen=True, eq=False)
class PlotData:
    """A model, its scores of labelled clips, and the sizes of its genres.

    `sides` counts the clips of each genre on each side, in the order of `genres`;
    `confusion` names the true genre and what it is taken for, None for the most frequent;
    `named` are clips to show instead of those that the scores choose, on whatever side.
    """

    model: EvaluatedModel
    scored: ClipScores
    sides: Mapping[str, Sequence[int]]
    confusion: tuple[str, str] | None
    named: ClipScores | None = None

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres in the order of the model's outputs."""
        return self.model.genres


def collect_data(
    target: str,
    data: Path | None,
    side: Side,
    confusion: str | None,
    names: Sequence[str],
    progress: Progress,
) -> PlotData:
    """Load a run or a model and score the clips on a side, and those of `names`.

    `confusion` is TRUE:SAID. Without it and without names, the clips of the study are the named
    ones where the data is FMA's.

    Raises:
        UsageError: there is no such run, genre or clip.
        RunError: `bad-dataset`, as `select_clips` has it.
    """
    model = load_model(target)
    data = find_data(data, model.facts)
    pair = None if confusion is None else _parse_confusion(model, confusion)
    selected = select_clips(model, data, side)
    named = find_named(model, data, names) if names else ()
    if not names and pair is None and set(_STUDY_CONFUSION) <= set(model.genres):
        named = find_study(model, data)
    scored, found = _score(model, selected.clips, named, progress)
    if len(found.clips) < len(named):
        if names:
            raise _refuse_skipped(named, scored.skipped)
        found = found.take([])
    if pair is None and ((found.clips and not names) or _occurs(_STUDY_CONFUSION, model, scored)):
        pair = _STUDY_CONFUSION
    sides = _count_sides(model, data, side, selected)
    return PlotData(model, scored, sides, pair, found if found.clips else None)


def _score(
    model: EvaluatedModel, clips: Sequence[Clip], named: Sequence[Clip], progress: Progress
) -> tuple[ClipScores, ClipScores]:
    """Score the clips of a side and the named ones, each once; return both, without the skipped."""
    on_side = {clip.name for clip in clips}
    others = [clip for clip in named if clip.name not in on_side]
    scored = score_clips(model, [*clips, *others], progress)
    side = scored.take([n for n, clip in enumerate(scored.clips) if clip.name in on_side])
    if not side.clips:
        raise bad_dataset(f"none of the {len(clips)} clips can be scored")
    places = {clip.name: place for place, clip in enumerate(scored.clips)}
    return side, scored.take([places[clip.name] for clip in named if clip.name in places])


def _refuse_skipped(named: Sequence[Clip], skipped: Sequence[Skipped]) -> UsageError:
    names = {clip.name for clip in named}
    told = (f"{short_name(one.name)} ({one.reason})" for one in skipped if one.name in names)
    return refuse_clip(f"These clips cannot be scored: {', '.join(told)}", "Leave them out.")


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
