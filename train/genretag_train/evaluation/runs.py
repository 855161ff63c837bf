"""What is judged, a run or a model alone, and the labelled clips that it is judged on."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from genretag.domain.genre import fold_name
from genretag.errors import Code, RunError, UsageError
from genretag.inference import session, store
from genretag.library import paths
from genretag_train.config import TrainConfig
from genretag_train.data.dataset import SIDES, Clip, bad_dataset, read_clips
from genretag_train.features.corpus import Corpus, split_corpus
from genretag_train.features.extraction import FeatureSpec, Skipped
from genretag_train.run_folder import METRICS, MODEL

Side = Literal["test", "valid", "all"]


@dataclass(frozen=True, eq=False)
class Subject:
    """A model and what is known of the run that made it.

    `config` holds the run's settings, None for a model that does not carry them; `facts`
    is the part `data` of the run's `metrics.json`, empty for a model file alone.
    """

    name: str
    file: Path
    model: session.Model
    config: TrainConfig | None
    facts: Mapping[str, Any]

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres that the model tells apart, in the order of its outputs."""
        return self.model.manifest.genres.names

    @property
    def spec(self) -> FeatureSpec:
        """How the model hears clips, as `scan` does."""
        manifest = self.model.manifest
        return FeatureSpec(manifest.front_end, manifest.window, clip_s=float("inf"), min_s=0.0)


@dataclass(frozen=True)
class Chosen:
    """The clips of a side; `dropped` counts those of genres that the model does not know."""

    clips: tuple[Clip, ...]
    dropped: Mapping[str, int]


def subject(target: str) -> Subject:
    """The run in a folder, or the model NAME, FILE or hf:OWNER/REPO[@REVISION].

    Raises:
        UsageError: there is no such run or model.
        RunError: `model-invalid`, `model-unreachable`.
    """
    folder = Path(target)
    if folder.is_dir() and not (folder / MODEL).is_file():
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{folder}: there is no {MODEL} in it",
            "Let the run end, or make the model with `genretag train export`.",
        )
    file = folder / MODEL if folder.is_dir() else store.locate(target, paths.cache_dir())
    model = session.load(file)
    settings = model.manifest.training.get("settings")
    told = metrics_beside(file) if file.name == MODEL else {}
    name = folder.resolve().name if folder.is_dir() else model.manifest.name
    return Subject(
        name, file, model, config_from(settings) if settings else None, told.get("data", {})
    )


def metrics_beside(file: Path) -> dict[str, Any]:
    """What the run that `file` belongs to has measured; nothing if that is not known."""
    try:
        told = json.loads((file.parent / METRICS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def config_from(settings: Mapping[str, Any]) -> TrainConfig:
    """Settings as a checkpoint or a manifest keeps them; those of other versions are left out."""
    known = {entry.name for entry in fields(TrainConfig)}
    return TrainConfig(**{name: value for name, value in settings.items() if name in known})


def source(data: Path | None, facts: Mapping[str, Any]) -> Path:
    """`data`, or else what the run learned from; UsageError if that is not known either."""
    if data is None and "source" not in facts:
        raise UsageError(
            Code.BAD_OPTION, "It is not known which clips to hear", "Give --data a CSV or a folder."
        )
    return data or Path(facts["source"])


def chosen(subject: Subject, data: Path, side: Side, label_column: str | None) -> Chosen:
    """The clips of `data` on one side of the split that the model was trained with.

    `all` takes every clip of a genre that the model knows, whoever learned from it.

    Raises:
        UsageError: the model does not know how its clips were split.
        RunError: `bad-dataset`, also if the data is not what the model was trained on.
    """
    config = subject.config
    column = (config.label_column if config else "") if label_column is None else label_column
    if side != "all" and config:
        study = study_of(data, config, subject.facts)
        _check_same(study, subject)
        return Chosen(tuple(study.clips[index] for index in study.indices(side)), study.dropped)
    known = {fold_name(genre) for genre in subject.genres}
    clips = read_clips(data, column)
    dropped = Counter(clip.genre for clip in clips if fold_name(clip.genre) not in known)
    kept = [
        clip for clip in clips if fold_name(clip.genre) in known and side in ("all", clip.split)
    ]
    if not kept and side != "all":
        raise UsageError(
            Code.BAD_OPTION,
            f"{subject.name} does not say which clips it learned from",
            "Give --side all, or data with a column split.",
        )
    if not kept:
        raise bad_dataset(f"{data}: no clip is of a genre that {subject.name} knows")
    return Chosen(tuple(kept), dropped)


def study_of(data: Path, config: TrainConfig, facts: Mapping[str, Any]) -> Corpus:
    """The clips and sides of a run again, without features and without listening anew."""
    skipped = [Skipped(name, reason) for name, reason in facts.get("skipped_files", {}).items()]
    unfit = {clip.name for clip in skipped}
    clips = read_clips(data, config.label_column)
    return split_corpus([clip for clip in clips if clip.name not in unfit], skipped, config)


def _check_same(study: Corpus, subject: Subject) -> None:
    """A split of other clips would judge the model on what it has learned."""
    before = subject.model.manifest.training.get("clips")
    now = {side: len(study.indices(side)) for side in SIDES}
    if study.genres != subject.genres or before not in (None, now):
        raise RunError(
            Code.BAD_DATASET,
            f"These are not the clips that {subject.name} was trained on: it had {before}, "
            f"here are {now}",
            "Give the run's folder and its data, or judge all clips with --side all.",
        )
