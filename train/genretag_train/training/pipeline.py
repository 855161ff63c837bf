"""A run from labelled clips to a described model, top to bottom."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

import torch
from lightning.pytorch.loggers import Logger

from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import FrontEnd, ModelManifest, Scaling
from genretag.domain.window import WindowSpec
from genretag.errors import Code, UsageError
from genretag_train.config import TrainConfig, to_toml
from genretag_train.evaluation.card import bundled
from genretag_train.evaluation.holdout import HoldoutReport, judged
from genretag_train.features import corpus
from genretag_train.features.corpus import Corpus, build_corpus
from genretag_train.features.extraction import FeatureSpec, windows
from genretag_train.nets import NETS
from genretag_train.nets.onnx_export import export_onnx, write_manifest
from genretag_train.progress import Notify, Progress
from genretag_train.run_folder import CONFIG, LAST, METRICS, MODEL, write_json
from genretag_train.training import batches
from genretag_train.training.loggers import log_confusion, loggers_for
from genretag_train.training.loop import Learner, fit, load_checkpoint


@dataclass(frozen=True)
class RunPaths:
    """Where a run reads and writes; a finished model goes to the folder `bundle` as well.

    `wandb` and `tensorboard` log it there beside `curves.csv`.
    """

    data: Path
    out: Path
    cache: Path
    bundle: Path | None = None
    wandb: bool = False
    tensorboard: bool = False


def train(
    config: TrainConfig, place: RunPaths, resume: bool, notify: Notify, progress: Progress
) -> None:
    """Learn from `place.data`; leave model, metrics, curves and checkpoints in `place.out`.

    The valid side decides when to stop, the temperature and the threshold; the test side
    is judged once, at the end, by the exported file.

    Raises:
        UsageError: there is no such architecture, or `out` and `resume` do not fit.
        RunError: `bad-dataset`, or `parity` if the export differs from the net.
    """
    _refuse_misuse(config, place, resume)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    spec = make_feature_spec(config)
    found = build_corpus(place.data, place.cache, spec, config, progress)
    facts = corpus.summarise(found, config)
    notify(f"Learning {len(found.genres)} genres from {facts['clips']}, skipped {facts['skipped']}")
    if facts["warning"]:
        notify(facts["warning"])
    begun_s = time.monotonic()
    loggers = loggers_for(config, place.out, place.wandb, place.tensorboard)
    learner = _fitted(config, found, spec, place.out, resume, notify, progress, loggers)
    if not learner.trainer.is_global_zero:
        return  # the first of several processes finishes alone
    facts["training_s"] = round(time.monotonic() - begun_s)
    model = place.out / MODEL
    export_onnx(learner.net, model, spec.n_frames, config.n_mels)
    sides = {
        side: windows([found.clips[index] for index in found.indices(side)], spec, progress)
        for side in ("valid", "test")
    }
    judgement = judged(model, found, sides, config)
    log_confusion(loggers, found.genres, judgement.valid["confusion"])
    write_manifest(model, make_manifest(config, spec, found, judgement))
    facts["source"] = str(place.data.absolute())
    told = {"data": facts, **_scores(judgement)}
    write_json(place.out / METRICS, told)
    if place.bundle:
        bundled(model, judgement, facts, config, place.bundle)
    test = judgement.test
    notify(f"Test: accuracy {test['accuracy']:.3f}, macro-F1 {test['f1_macro']:.3f}; see {model}")


def _refuse_misuse(config: TrainConfig, place: RunPaths, resume: bool) -> None:
    last = place.out / LAST
    if config.arch not in NETS:
        raise _misuse(f"There is no architecture '{config.arch}'", f"Known: {', '.join(NETS)}.")
    if resume and not last.exists():
        raise _misuse(f"{place.out} holds no run to resume", "Leave out --resume.")
    if last.exists() and not resume:
        raise _misuse(f"{place.out} holds a run already", "Add --resume, or choose another --out.")
    changed = _changed(config, last) if resume else []
    if changed:
        raise _misuse(
            f"{place.out} holds a run with another {', '.join(changed)}",
            f"Resume it with --config {place.out / CONFIG}, or choose another --out.",
        )


def _misuse(message: str, hint: str) -> UsageError:
    return UsageError(Code.BAD_OPTION, message, hint)


def _changed(config: TrainConfig, last: Path) -> list[str]:
    before = load_checkpoint(last)["genretag"]["config"]
    free = {"epochs", "loaders", "name", "version", "licence", "description", "trained_on"}
    names = (entry.name for entry in fields(config) if entry.name not in free)
    return [name for name in names if before.get(name) != getattr(config, name)]


def make_feature_spec(config: TrainConfig) -> FeatureSpec:
    """How a run hears clips; UsageError if its numbers make no front end."""
    scaling = cast(Scaling, config.scaling)  # FrontEnd refuses any other
    try:
        front_end = FrontEnd(config.rate_hz, config.n_fft, config.hop, config.n_mels, scaling)
        window = WindowSpec(config.window_s, config.windows)
    except ValueError as error:
        raise _misuse(f"The front end cannot be: {error}", "See --help.") from error
    return FeatureSpec(front_end, window, config.clip_s, config.min_s)


def _fitted(
    config: TrainConfig,
    found: Corpus,
    spec: FeatureSpec,
    out: Path,
    resume: bool,
    notify: Notify,
    progress: Progress,
    loggers: Sequence[Logger],
) -> Learner:
    train_on, valid_on = found.indices("train"), found.indices("valid")
    genres = found.labels(train_on)
    groups = [found.clips[index].group for index in train_on]
    weights = batches.compute_group_weights(groups, config.group_power)
    crops = batches.Crops([found.features[index] for index in train_on], genres, weights, spec)
    heard = windows([found.clips[index] for index in valid_on], spec, progress)
    weighted = config.class_weights
    learner = Learner(
        config,
        found.genres,
        batches.compute_class_weights(genres, weights, len(found.genres)) if weighted else None,
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG).write_text(to_toml(config), encoding="utf-8")
    return fit(
        learner,
        batches.make_train_loader(crops, config),
        batches.make_valid_loader(heard, found.labels(valid_on), config.batch_size),
        out,
        resume,
        lambda row: notify("  ".join(f"{name} {value:.4g}" for name, value in row.items())),
        loggers,
    )


def make_manifest(
    config: TrainConfig, spec: FeatureSpec, found: Corpus, judgement: HoldoutReport
) -> ModelManifest:
    """What the exported file says of itself."""
    facts = corpus.summarise(found, config)
    return ModelManifest(
        name=config.name,
        version=config.version,
        licence=config.licence,
        description=config.description,
        genres=GenreVocabulary(found.genres),
        front_end=spec.front_end,
        window=spec.window,
        temperature=judgement.temperature,
        threshold=judgement.threshold,
        training={
            "data": config.trained_on,
            "split": config.split,
            "clips": facts["clips"],
            "settings": asdict(config),
        },
        scores={side: _brief(scores) for side, scores in _sides(judgement).items()},
    )


def _sides(judgement: HoldoutReport) -> dict[str, dict[str, Any]]:
    return {"valid": judgement.valid, "test": judgement.test}


def _brief(scores: Mapping[str, Any]) -> dict[str, Any]:
    names = ("clips", "accuracy", "accuracy_95", "f1_macro", "f1_macro_95", "ece", "accepted")
    return {name: scores[name] for name in names}


def _scores(judgement: HoldoutReport) -> dict[str, Any]:
    calibration = {"temperature": judgement.temperature, "threshold": judgement.threshold}
    return {"calibration": calibration, **_sides(judgement)}
