"""A run from labelled clips to a described model, top to bottom."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger

from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import ModelManifest
from genretag.errors import Code, RunError, UsageError
from genretag.learning.weights import weigh_groups
from genretag_train.config import TrainConfig, to_toml
from genretag_train.evaluation.bundle import check_bundle_name, write_bundle
from genretag_train.evaluation.card import render_measurements
from genretag_train.evaluation.holdout import HoldoutReport, evaluate_holdout
from genretag_train.evaluation.predictions import write_predictions
from genretag_train.features.corpus import Corpus, build_corpus, summarise
from genretag_train.features.extraction import FeatureSpec, make_feature_spec
from genretag_train.features.store import FeatureStore, StoredWindows
from genretag_train.nets import NETS
from genretag_train.nets.onnx_export import export_onnx, write_manifest
from genretag_train.progress import Notify, Progress, describe_counts
from genretag_train.run_folder import CONFIG, LAST, METRICS, MODEL, PREDICTIONS, write_json
from genretag_train.training import batches
from genretag_train.training.cost import CostMeter
from genretag_train.training.learner import Learner
from genretag_train.training.loggers import log_confusion, make_loggers
from genretag_train.training.loop import check_devices, fit, load_checkpoint

CARD_FACTS = (
    "split", "clips", "clips_without_group", "leaks", "moved_from_published_side",
    "groups_moved_from_published_side",
)  # fmt: skip
"""The metrics that the manifest takes over, so that a card can be made of the file alone.

Not the time: the same run again gives the same file, byte for byte.
"""

_MACHINE_SETTINGS = {"accelerator", "devices", "nodes", "strategy", "precision", "threads"}
"""The settings that say where a run is computed: they change the rounding, and the number of
processes also the batches and what each draws; the recipe stays the same."""


@dataclass(frozen=True)
class RunPaths:
    """Paths of a run; a finished model goes to the folder `bundle` as well.

    `wandb` and `tensorboard` log it there beside `curves.csv`.
    """

    data: Path
    out: Path
    cache: Path
    bundle: Path | None = None
    wandb: bool = False
    tensorboard: bool = False


def train(
    config: TrainConfig,
    paths: RunPaths,
    resume: bool,
    notify: Notify,
    progress: Progress,
    callbacks: Sequence[Callback] = (),
) -> HoldoutReport | None:
    """Learn from `paths.data`; leave model, metrics, curves and checkpoints in `paths.out`.

    The valid side decides when to stop, the temperature and the threshold; the test side
    is scored once, at the end, by the exported file.

    Returns:
        What the model is worth; None in all but the first of several processes.

    Raises:
        UsageError: there is no such architecture or device, or `out` and `resume` do not fit.
        RunError: `bad-dataset`, also if a resumed run held out other clips; `parity` if the export
            differs from the net.
    """
    _check_usage(config, paths.out, resume, notify)
    if paths.bundle:
        check_bundle_name(config.name)
    check_devices(config)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    store = FeatureStore(paths.cache, make_feature_spec(config))
    corpus = build_corpus(paths.data, store, config, progress)
    facts = summarise(corpus, config)
    _announce(facts, notify)
    meter = CostMeter(
        load_checkpoint(paths.out / LAST)["callbacks"].get(CostMeter.__qualname__)
        if resume
        else None
    )
    loggers = make_loggers(config, paths.out, paths.wandb, paths.tensorboard)
    valid = store.add_windows(corpus.members("valid"), progress)
    learner = _fit(
        config, corpus, store.spec, valid, paths.out, resume, notify,
        (*callbacks, meter, HeldOutClips(corpus)), loggers,
    )  # fmt: skip
    if not learner.trainer.is_global_zero:
        return None
    facts |= meter.read()
    facts["source"] = str(paths.data.absolute())
    model = paths.out / MODEL
    export_onnx(learner.net, model, store.spec.n_frames, config.n_mels)
    test = store.add_windows(corpus.members("test"), progress)
    report = evaluate_holdout(model, corpus, {"valid": valid, "test": test}, config)
    log_confusion(loggers, corpus.genres, report.valid["confusion"])
    write_manifest(model, make_manifest(config, store.spec, facts, report))
    write_predictions(report.predictions, paths.out / PREDICTIONS)
    # The last file: where it is, the run is done.
    write_json(paths.out / METRICS, {"data": facts, **report.to_json()})
    if paths.bundle:
        measurements = render_measurements(report, facts, config)
        write_bundle(model, measurements, report.predictions, paths.bundle)
    return report


class HeldOutClips(Callback):
    """Keeps in the checkpoints which clips are held out, and refuses to go on with others."""

    def __init__(self, corpus: Corpus) -> None:
        names = sorted(clip.name for side in ("valid", "test") for clip in corpus.members(side))
        self._digest = sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()

    def state_dict(self) -> dict[str, Any]:
        """Return what the checkpoint keeps."""
        return {"digest": self._digest}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Raise RunError `bad-dataset` if the run of the checkpoint held out other clips."""
        if state_dict["digest"] != self._digest:
            raise RunError(
                Code.BAD_DATASET,
                "The run held out other clips than these: it may have learned from those that "
                "would be judged now",
                "Give the data as it was then, or train anew into another --out.",
            )


def format_test_scores(report: HoldoutReport, out: Path) -> str:
    """Return the line that ends a run."""
    test = report.test
    scores = f"accuracy {test['accuracy']:.3f}, macro-F1 {test['f1_macro']:.3f}"
    return f"Test: {scores}; see {out / MODEL}"


def describe_missed_precision(report: HoldoutReport, config: TrainConfig) -> str:
    """Return a warning if no threshold is as precise as was wished, else an empty text."""
    accepted = report.valid["accepted"]
    if accepted["precision"] >= config.target_precision and accepted["coverage"]:
        return ""
    return (
        f"No threshold that {config.min_accepted} valid clips reach (--min-accepted) has a "
        f"precision of {config.target_precision:.0%} (--target-precision): `genretag scan` would "
        f"write {accepted['coverage']:.0%} of the valid side, {accepted['precision']:.0%} of it "
        "right. More music to learn from or longer training may help"
    )


def _check_usage(config: TrainConfig, out: Path, resume: bool, notify: Notify) -> None:
    """Raise UsageError for an unknown architecture, or a run that is there already or not yet.

    A run may be resumed on another machine; `notify` is told what that changes.
    """
    last = out / LAST
    if config.arch not in NETS:
        raise _misuse(f"There is no architecture '{config.arch}'", f"Known: {', '.join(NETS)}.")
    if resume and not last.exists():
        raise _misuse(f"{out} holds no run to resume", "Leave out --resume.")
    if last.exists() and not resume:
        raise _misuse(f"{out} holds a run already", "Add --resume, or choose another --out.")
    changed = _find_changes(config, last) if resume else []
    if refused := [name for name in changed if name not in _MACHINE_SETTINGS]:
        raise _misuse(
            f"{out} holds a run with another {', '.join(refused)}",
            f"Resume it with --config {out / CONFIG}, or choose another --out.",
        )
    if changed:
        notify(
            f"The run began with another {', '.join(changed)}: it goes on, but will not end "
            "exactly where it would have without the change"
        )


def _misuse(message: str, hint: str) -> UsageError:
    return UsageError(Code.BAD_OPTION, message, hint)


def _find_changes(config: TrainConfig, last: Path) -> list[str]:
    """Return the settings that differ from those of a checkpoint and would change the run."""
    before = load_checkpoint(last)["genretag"]["config"]
    free = {"epochs", "loaders", "name", "version", "licence", "description", "trained_on"}
    names = (entry.name for entry in fields(config) if entry.name not in free)
    return [name for name in names if before.get(name) != getattr(config, name)]


def _announce(facts: Mapping[str, Any], notify: Notify) -> None:
    clips = facts["clips"]
    text = (
        f"{len(facts['genres'])} genres: learning from {clips['train']} clips, "
        f"holding out {clips['valid']} (valid) and {clips['test']} (test)"
    )
    for name, what in (("skipped", "skipped"), ("dropped_genres", "genres left out")):
        if facts[name]:
            text += f"; {what}: {describe_counts(facts[name])}"
    notify(text)
    if facts["warning"]:
        notify(facts["warning"])


def _fit(
    config: TrainConfig,
    corpus: Corpus,
    spec: FeatureSpec,
    valid: StoredWindows,
    out: Path,
    resume: bool,
    notify: Notify,
    callbacks: Sequence[Callback],
    loggers: Sequence[Logger],
) -> Learner:
    """Train on random crops of the train side; the valid side says when to stop."""
    train_side = corpus.indices("train")
    genres = corpus.labels(train_side)
    groups = [corpus.clips[index].group for index in train_side]
    weights = weigh_groups(groups, config.group_power).tolist()
    crops = batches.Crops([corpus.features[index] for index in train_side], genres, weights, spec)
    class_weights = (
        batches.compute_class_weights(genres, weights, len(corpus.genres))
        if config.class_weights
        else None
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG).write_text(to_toml(config), encoding="utf-8")
    return fit(
        Learner(config, corpus.genres, class_weights),
        batches.make_train_loader(crops, config),
        batches.make_valid_loader(valid, corpus.labels(corpus.indices("valid")), config.batch_size),
        out,
        resume,
        notify,
        callbacks,
        loggers,
    )


def make_manifest(
    config: TrainConfig, spec: FeatureSpec, facts: Mapping[str, Any], report: HoldoutReport
) -> ModelManifest:
    """Return what the exported file says of itself; `facts` is the part `data` of the metrics."""
    names = ("clips", "accuracy", "accuracy_95", "f1_macro", "f1_macro_95", "ece", "accepted")
    return ModelManifest(
        name=config.name,
        version=config.version,
        licence=config.licence,
        description=config.description,
        genres=GenreVocabulary(tuple(facts["genres"])),
        front_end=spec.front_end,
        window=spec.window,
        temperature=report.temperature,
        threshold=report.threshold,
        training={
            "data": config.trained_on,
            **{name: facts[name] for name in CARD_FACTS if name in facts},
            "settings": asdict(config),
        },
        scores={
            side: {name: scores[name] for name in names} for side, scores in report.sides.items()
        },
    )
