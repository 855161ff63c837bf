"""The labelled clips that a model is evaluated on: a side of its own split, or all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from genretag.domain.genre import fold_name
from genretag.errors import Code, RunError, UsageError
from genretag_train.config import TrainConfig
from genretag_train.data.dataset import SIDES, Clip, bad_dataset, read_clips
from genretag_train.evaluation.models import EvaluatedModel
from genretag_train.features.corpus import Corpus, split_corpus
from genretag_train.features.extraction import Skipped

Side = Literal["test", "valid", "all"]


@dataclass(frozen=True)
class SelectedClips:
    """The clips of a side; `dropped` counts those of genres that the model does not know."""

    clips: tuple[Clip, ...]
    dropped: Mapping[str, int]


def find_data(data: Path | None, facts: Mapping[str, Any]) -> Path:
    """Return `data`, else what the run was trained on; UsageError if that is not known either."""
    if data is None and "source" not in facts:
        raise UsageError(
            Code.BAD_OPTION, "It is not known which clips to use", "Give --data a CSV or a folder."
        )
    return data or Path(facts["source"])


def select_clips(
    model: EvaluatedModel, data: Path, side: Side, label_column: str | None = None
) -> SelectedClips:
    """Select the clips of `data` on one side of the split that the model was trained with.

    `all` selects every clip of a genre that the model knows, also those that it was trained on.

    Raises:
        UsageError: the model does not know how its clips were split.
        RunError: `bad-dataset`, also if the data is not what the model was trained on.
    """
    if side != "all" and model.config:
        return _select_side(model, model.config, data, side)
    column = label_column
    if column is None:
        column = model.config.label_column if model.config else ""
    clips, known = read_clips(data, column), model.labels
    dropped = Counter(clip.genre for clip in clips if fold_name(clip.genre) not in known)
    kept = [clip for clip in clips if clip.genre not in dropped and side in ("all", clip.split)]
    if not kept and side != "all":
        raise UsageError(
            Code.BAD_OPTION,
            f"{model.name} does not tell which clips it was trained on",
            "Give --side all, or data with a column split.",
        )
    if not kept:
        raise bad_dataset(f"{data}: no clip is of a genre that {model.name} knows")
    return SelectedClips(tuple(kept), dropped)


def rebuild_corpus(data: Path, config: TrainConfig, facts: Mapping[str, Any]) -> Corpus:
    """Make the clips and sides of a run again, without its features.

    `facts` is the part `data` of its `metrics.json`, which names the clips that were skipped.
    """
    skipped = [Skipped(name, reason) for name, reason in facts.get("skipped_files", {}).items()]
    unusable = {clip.name for clip in skipped}
    clips = read_clips(data, config.label_column)
    return split_corpus([clip for clip in clips if clip.name not in unusable], skipped, config)


def _select_side(
    model: EvaluatedModel, config: TrainConfig, data: Path, side: Side
) -> SelectedClips:
    corpus = rebuild_corpus(data, config, model.facts)
    require_own_clips(
        corpus,
        model.name,
        model.genres,
        model.manifest.training.get("clips"),
        "Give the run's folder and its data, or judge all clips with --side all.",
    )
    return SelectedClips(tuple(corpus.members(side)), corpus.dropped)


def require_own_clips(
    corpus: Corpus, name: str, genres: Sequence[str], counts: Mapping[str, int] | None, hint: str
) -> None:
    """Raise RunError `bad-dataset` unless `corpus` is what the model `name` was trained on.

    `counts` has the clips of each side that it had, None if that is not known. In a split of other
    clips the model could be measured on what it was trained on.
    """
    here = {side: len(corpus.indices(side)) for side in SIDES}
    if corpus.genres != tuple(genres) or counts not in (None, here):
        raise RunError(
            Code.BAD_DATASET,
            f"These are not the clips that {name} was trained on: it had {counts or genres}, "
            f"here are {here if counts else corpus.genres}",
            hint,
        )
