"""A head on pretrained backbones, from labelled clips to a described model, top to bottom."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import FrontEnd, ModelManifest
from genretag.domain.window import WindowSpec
from genretag.errors import Code, UsageError, reason
from genretag_train.data.dataset import Clip, bad_dataset, read_clips, select_genres
from genretag_train.data.folds import FOLDS
from genretag_train.features.extraction import FeatureSpec, Skipped
from genretag_train.nets.onnx_export import export_onnx, write_manifest
from genretag_train.nets.pretrained import weights as published
from genretag_train.nets.pretrained.backbones import Backbones, Headed
from genretag_train.nets.pretrained.musicnn import N_MELS
from genretag_train.nets.pretrained.pruning import prune
from genretag_train.progress import Notify, Progress
from genretag_train.run_folder import METRICS, MODEL, write_json
from genretag_train.transfer.baselines import MEANINGS, beside, by_tags, said_before
from genretag_train.transfer.cross_validation import CrossValidation, Target, judged_outside
from genretag_train.transfer.degradations import DEGRADATIONS
from genretag_train.transfer.embeddings import embedded, embedded_sounds
from genretag_train.transfer.linear import Recipe, fitted
from genretag_train.transfer.synthetic_negatives import sounds

RATE_HZ, N_FFT, HOP = 16000, 512, 256
"""How the published backbones heard music."""


@dataclass(frozen=True)
class HeadConfig:
    """Every number of a run that fits a head; read from TOML, where each field is a key.

    `words` gives clips whose `words_column` holds the word another genre than
    `label_column` says, `renames` gives genres other names, `parents` are for `--map` and
    whoever asks. A genre with less than `min_tracks` clips or `min_groups` groups is left out,
    and so is one whose F1 outside is below `min_f1`: nobody could trust its name. Their clips
    teach the head that there are other genres.

    Below the threshold nothing is written. It is the lowest at which `target_precision` is the
    lower end of the 95% interval of how often what passes is right, while `min_accepted` clips or
    more pass. It, the temperature and the genre sets are chosen on the sources `calibrate_on`:
    those that are like the music that the model is for; on all where none is named.
    """

    name: str
    version: str
    licence: str
    description: str
    trained_on: str
    label_column: str = ""
    words_column: str = "label"
    words: Mapping[str, str] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    min_tracks: int = 40
    min_groups: int = 5
    min_f1: float = 1 / 3
    backbones: Sequence[published.Name] = ("MSD_musicnn", "MSD_vgg")
    rms_dbfs: float = -14.0
    window_s: float = 2.976
    windows: int = 4
    recipe: Recipe = field(default_factory=Recipe)
    target_precision: float = 0.85
    min_accepted: int = 50
    calibrate_on: Sequence[str] = ()


@dataclass(frozen=True)
class Place:
    """Where a run reads and writes.

    `wheel` is the backbones' package if it is here already, `rival` the list of held-out clips
    that goes with an earlier model.
    """

    data: Path
    out: Path
    cache: Path
    wheel: Path | None = None
    rival: Path | None = None


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a run made: the model, what is known of it, and what was judged on the way."""

    config: HeadConfig
    file: Path
    genres: tuple[str, ...]
    clips: tuple[Clip, ...]
    skipped: tuple[Skipped, ...]
    few: Mapping[str, int]
    weak: Mapping[str, float]
    outside: Mapping[str, CrossValidation]
    rivals: Mapping[str, Mapping[str, Any]]


def read(file: Path) -> HeadConfig:
    """The settings in a TOML file; UsageError `bad-config` names what is wrong in it."""
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8"))
        unknown = set(entries) - {entry.name for entry in fields(HeadConfig)}
        unknown |= set(entries.get("recipe", {})) - {entry.name for entry in fields(Recipe)}
        if unknown:
            raise ValueError(f"there is no setting {', '.join(sorted(unknown))}")
        needed = {"name", "version", "licence", "description", "trained_on"}
        lack = needed - set(entries)
        if lack:
            raise ValueError(f"it lacks {', '.join(sorted(lack))}")
        return HeadConfig(**{**entries, "recipe": Recipe(**entries.get("recipe", {}))})
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            Code.BAD_CONFIG,
            f"{file}: {reason(error)}",
            "train/configs/musicnn.toml shows what it holds.",
        ) from error


def feature_spec(config: HeadConfig) -> FeatureSpec:
    """How the backbones hear clips: windows of their length at one level."""
    front_end = FrontEnd(RATE_HZ, N_FFT, HOP, N_MELS, "log-compression", rms_dbfs=config.rms_dbfs)
    window = WindowSpec(config.window_s, config.windows)
    return FeatureSpec(front_end, window, clip_s=float("inf"), min_s=0.5)


def backbones_of(
    names: Sequence[published.Name], cache: Path, wheel: Path | None = None
) -> Backbones:
    """Published taggers without what does not hear, for a head to stand on."""
    taggers = [prune(published.load_pretrained(name, cache / "musicnn", wheel)) for name in names]
    return Backbones(taggers).eval()


def learn(config: HeadConfig, place: Place, notify: Notify, progress: Progress) -> Fitted:
    """Fit a head on all clips; what it is worth is told by heads that did not hear a clip.

    Every clip is judged by a head fitted without its fold, once with groups kept apart and once
    with whole sources. The temperature and the threshold come from those judgements.

    Raises:
        RunError: `bad-dataset`, also where a source of `calibrate_on` has no clips;
            `data-unreachable`, `wrong-digest` for the backbones; `parity` if the export differs
            from the net.
    """
    earlier = said_before(place.rival) if place.rival else {}
    clips, few = vocabulary(place.data, config)
    missing = set(config.calibrate_on) - {clip.collection for clip in clips}
    if missing:
        raise bad_dataset(f"{place.data}: no clip has the source {', '.join(sorted(missing))}")
    if earlier and not any(clip.name in earlier for clip in clips):
        raise bad_dataset(f"{place.rival}: none of its clips is in {place.data}")
    backbones = backbones_of(config.backbones, place.cache, place.wheel)
    spec = feature_spec(config)
    found, skipped = embedded(clips, backbones, spec, place.cache, progress, tuple(DEGRADATIONS))
    nothing = embedded_sounds(sounds(spec.n_samples, RATE_HZ, seed=0), backbones, spec)
    notify(f"Fitting {len(config.backbones)} backbones' head to {len(found)} clips")
    predict_with_embeddings = partial(
        judged_outside,
        found,
        recipe=config.recipe,
        nothing=nothing,
        target=Target(config.target_precision, config.min_accepted, config.calibrate_on),
    )
    folds = {rule: part([one.clip for one in found]) for rule, part in FOLDS.items()}
    genres = tuple(sorted({one.clip.genre for one in found} - set(few)))
    weak = _weak(predict_with_embeddings(genres, folds["groups"]), config.min_f1)
    if weak:
        notify(f"Left out, as no head can tell them: {', '.join(weak)}")
    genres = tuple(genre for genre in genres if genre not in weak)
    outside = {rule: predict_with_embeddings(genres, part) for rule, part in folds.items()}
    head = fitted(found, genres, config.recipe, nothing)
    place.out.mkdir(parents=True, exist_ok=True)
    file = place.out / MODEL
    net = Headed(backbones, head.weight, head.bias)
    export_onnx(net, file, spec.n_frames, N_MELS, any_length=False)
    told = Fitted(
        config, file, genres, tuple(one.clip for one in found), tuple(skipped), few, weak,
        outside, _rivals(outside["groups"], genres, config, place, earlier, spec, progress),
    )  # fmt: skip
    write_manifest(file, manifest(told, spec))
    write_json(place.out / METRICS, metrics(told))
    return told


def vocabulary(data: Path, config: HeadConfig) -> tuple[list[Clip], dict[str, int]]:
    """All clips under the names of `config`, and the genres with too few of them."""
    closer = (
        {clip.name: clip.genre for clip in read_clips(data, config.words_column)}
        if config.words
        else {}
    )
    named = [
        replace(clip, genre=_name(clip, closer.get(clip.name, ""), config))
        for clip in read_clips(data, config.label_column)
    ]
    return named, select_genres(named, config.min_tracks, config.min_groups)[1]


def _weak(outside: CrossValidation, least: float) -> dict[str, float]:
    """The genres that are told with an F1 below `least`, and that F1."""
    told = outside.report["genres"]
    return {genre: scores["f1"] for genre, scores in told.items() if scores["f1"] < least}


def _name(clip: Clip, closer: str, config: HeadConfig) -> str:
    said = set(re.findall(r"\w+", closer.casefold()))
    found = next((genre for word, genre in config.words.items() if word in said), clip.genre)
    return config.renames.get(found, found)


def _rivals(
    outside: CrossValidation,
    genres: Sequence[str],
    config: HeadConfig,
    place: Place,
    earlier: Mapping[str, str],
    spec: FeatureSpec,
    progress: Progress,
) -> dict[str, dict[str, Any]]:
    """Who else judges the clips, under the genres that the data had before `renames`."""
    clips = [one.clip for one in outside.judged if not earlier or one.clip.name in earlier]
    taggers = backbones_of(tuple(MEANINGS), place.cache, place.wheel)
    tagged, _ = embedded(clips, taggers, spec, place.cache, progress)
    others: dict[str, Mapping[str, str]] = {
        "the taggers' own tags": {one.clip.name: by_tags(one.found) for one in tagged}
    }
    if earlier:
        others["the earlier model"] = earlier
    before = {new: old for old, new in config.renames.items()}
    broad = {genre: before.get(genre, config.parents.get(genre, genre)) for genre in genres}
    return beside(outside, genres, broad, others)


def manifest(told: Fitted, spec: FeatureSpec) -> ModelManifest:
    """What the exported file says of itself."""
    config, groups = told.config, told.outside["groups"]
    return ModelManifest(
        name=config.name,
        version=config.version,
        licence=config.licence,
        description=config.description,
        genres=GenreVocabulary(
            told.genres, {g: parent for g, parent in config.parents.items() if g in told.genres}
        ),
        front_end=spec.front_end,
        window=spec.window,
        temperature=groups.temperature,
        threshold=groups.threshold,
        training={"data": config.trained_on, "clips": len(told.clips), "head": asdict(config)},
        scores={rule: outside.brief for rule, outside in told.outside.items()},
        set_masses=groups.set_masses,
    )


def metrics(told: Fitted) -> dict[str, Any]:
    """Counts and scores of a run for `metrics.json`."""
    groups = told.outside["groups"]
    return {
        "clips": len(told.clips),
        "genres": list(told.genres),
        "few": dict(told.few),
        "weak": dict(told.weak),
        "skipped_files": {clip.name: clip.reason for clip in told.skipped},
        "calibration": {"temperature": groups.temperature, "threshold": groups.threshold},
        "outside": {rule: outside.report for rule, outside in told.outside.items()},
        "rivals": dict(told.rivals),
    }
