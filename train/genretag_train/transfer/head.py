"""A head on pretrained backbones, from labelled clips to a described model, top to bottom."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from genretag.domain.pooling import Pooling
from genretag.domain.prediction import Embeddings
from genretag.inference.statistics import save_statistics, statistics_file
from genretag.learning.synthetic_negatives import generate_sounds
from genretag_train.data.dataset import Clip, bad_dataset, read_clips
from genretag_train.data.folds import FOLDS
from genretag_train.nets.onnx_export import export_onnx, write_manifest
from genretag_train.nets.pretrained.backbones import Headed
from genretag_train.progress import Notify, Progress
from genretag_train.run_folder import METRICS, MODEL, write_json
from genretag_train.transfer.baselines import (
    TAG_GENRES,
    compare_with_baselines,
    predict_from_tags,
    read_predictions,
)
from genretag_train.transfer.cross_validation import CrossValidation, cross_validate
from genretag_train.transfer.degradations import DEGRADATIONS
from genretag_train.transfer.embeddings import (
    EmbeddedClip,
    embed_clips,
    embed_sounds,
    load_backbones,
    measure_clips,
)
from genretag_train.transfer.fit_pooling import fit_by_fold
from genretag_train.transfer.fitted_head import FittedHead
from genretag_train.transfer.head_config import HeadConfig
from genretag_train.transfer.linear import fit_head
from genretag_train.transfer.unit_report import report_units
from genretag_train.transfer.units import find_units
from genretag_train.transfer.vocabulary import read_named_clips


@dataclass(frozen=True)
class HeadPaths:
    """Files and folders of a run.

    `wheel` is the backbones' package if it is here already, `earlier` the list of held-out clips
    that was bundled with an earlier model.
    """

    data: Path
    out: Path
    cache: Path
    wheel: Path | None = None
    earlier: Path | None = None


def train_head(
    config: HeadConfig, paths: HeadPaths, notify: Notify, progress: Progress
) -> FittedHead:
    """Fit a head on all clips, and measure it by heads that were fitted without a part of them.

    Every clip is predicted by a head fitted without its fold, once with groups kept apart and
    once with whole sources. The temperature and the threshold come from these predictions.

    Raises:
        RunError: `bad-dataset`, also where a source of `calibrate_on` has no clips;
            or `units` has too few artists; `data-unreachable`, `wrong-digest` for the backbones;
            `parity` if the export differs from the net.
    """
    earlier = read_predictions(paths.earlier) if paths.earlier else {}
    clips, few = read_named_clips(paths.data, config)
    _check_clips(clips, config, paths, earlier)
    spec = config.spec
    backbones = load_backbones(config.backbones, paths.cache, paths.wheel, config.pooled_layers)
    embedded, skipped = embed_clips(
        clips, backbones, spec, paths.cache, progress, tuple(DEGRADATIONS)
    )
    sounds = generate_sounds(spec.n_samples, spec.front_end.rate_hz, seed=0)
    unlabelled = embed_sounds(sounds, backbones, spec)
    notify(f"Fitting {len(config.backbones)} backbones' head to {len(embedded)} clips")
    genres, weak, validations = _validate(embedded, unlabelled, few, config, notify)
    baselines = _compare(validations["groups"], genres, config, paths, earlier, progress)
    pooling, units = _fit_units(validations["groups"], config, notify)
    head = fit_head(embedded, genres, config.recipe, unlabelled)
    paths.out.mkdir(parents=True, exist_ok=True)
    file = paths.out / MODEL
    net = Headed(backbones, head.weight, head.bias)
    export_onnx(net, file, spec.n_frames, spec.front_end.n_mels, any_length=False)
    fitted = FittedHead(
        config, file, genres, tuple(one.clip for one in embedded), tuple(skipped), few, weak,
        validations, baselines, pooling, units,
    )  # fmt: skip
    write_manifest(file, fitted.to_manifest())
    if statistics := measure_clips(embedded):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        save_statistics(statistics_file(file), statistics, digest)
    write_json(paths.out / METRICS, fitted.to_json())
    return fitted


def _check_clips(
    clips: list[Clip], config: HeadConfig, paths: HeadPaths, earlier: Mapping[str, str]
) -> None:
    missing = set(config.calibrate_on) - {clip.collection for clip in clips}
    if missing:
        raise bad_dataset(f"{paths.data}: no clip has the source {', '.join(sorted(missing))}")
    if earlier and not any(clip.name in earlier for clip in clips):
        raise bad_dataset(f"{paths.earlier}: none of its clips is in {paths.data}")


def _validate(
    embedded: list[EmbeddedClip],
    unlabelled: Embeddings,
    few: Mapping[str, int],
    config: HeadConfig,
    notify: Notify,
) -> tuple[tuple[str, ...], dict[str, float], dict[str, CrossValidation]]:
    """Return the genres that a head can tell, the weak ones, and a validation by row of FOLDS."""
    clips = [one.clip for one in embedded]
    folds = {name: make_folds(clips) for name, make_folds in FOLDS.items()}
    validate = partial(
        cross_validate, embedded,
        recipe=config.recipe, unlabelled=unlabelled, target=config.target,
    )  # fmt: skip
    genres = tuple(sorted({clip.genre for clip in clips} - {*few, *config.unnamed}))
    validations = {"groups": validate(genres, folds["groups"])}
    scores = validations["groups"].report["genres"]
    weak = {genre: score["f1"] for genre, score in scores.items() if score["f1"] < config.min_f1}
    if weak:
        notify(f"Left out, as no head can tell them: {', '.join(weak)}")
        genres = tuple(genre for genre in genres if genre not in weak)
        validations.clear()
    missing = {name: fold for name, fold in folds.items() if name not in validations}
    return (
        genres,
        weak,
        validations | {name: validate(genres, fold) for name, fold in missing.items()},
    )


def _fit_units(
    validation: CrossValidation, config: HeadConfig, notify: Notify
) -> tuple[Pooling | None, dict[str, Any] | None]:
    """Return the model of units and its report; None and None for a recipe without units."""
    if not config.units:
        return None, None
    units = find_units(validation.by_fold, validation.clips, config.units)
    notify(f"Fitting the model of units to {len(units.members)} of them")
    fitted = fit_by_fold(units, config.units, config.target_precision, validation.threshold)
    return fitted.pooling, report_units(fitted, validation.report["accepted"]["precision"])


def _compare(
    validation: CrossValidation,
    genres: tuple[str, ...],
    config: HeadConfig,
    paths: HeadPaths,
    earlier: Mapping[str, str],
    progress: Progress,
) -> dict[str, dict[str, Any]]:
    """Compare with the taggers' tags and `earlier`, under the labels that the data has."""
    compared = zip(validation.clips, validation.compared.tolist(), strict=True)
    clips = [clip for clip, is_compared in compared if is_compared]
    taggers = load_backbones(tuple(TAG_GENRES), paths.cache, paths.wheel)
    tagged, _ = embed_clips(clips, taggers, config.spec, paths.cache, progress)
    baselines: dict[str, Mapping[str, str]] = {
        "the taggers' own tags": {
            one.clip.name: predict_from_tags(one.embeddings) for one in tagged
        }
    }
    if earlier:
        baselines["the earlier model"] = earlier
    labels = {clip.name: clip.genre for clip in read_clips(paths.data, config.label_column)}
    return compare_with_baselines(validation, genres, labels, baselines)
