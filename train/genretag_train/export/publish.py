"""A model and its card on the Hugging Face Hub, in one commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from genretag.domain.manifest import ModelManifest
from genretag.errors import Code, UsageError
from genretag.inference.store import (
    HUB_FILE,
    HUB_PREFIX,
    HubAddress,
    hub_error_types,
    translate_hub_error,
)
from genretag_train.config import TrainConfig
from genretag_train.evaluation.card import measured
from genretag_train.evaluation.holdout import HoldoutReport
from genretag_train.evaluation.runs import Subject, metrics_beside
from genretag_train.run_folder import MODEL

CARD = "README.md"

_HUB_LICENCES = frozenset(
    {"mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0"}
    | {"cc-by-nc-4.0", "cc-by-nc-sa-4.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0"}
)
"""The names of licences that the Hub knows; the others it calls `other`."""

_METRICS = {"accuracy": "accuracy", "f1_macro": "f1"}


@dataclass(frozen=True)
class Published:
    """Where the model lies now; `digest` is the SHA-256 of its file."""

    address: HubAddress
    digest: str


def published(
    subject: Subject, address: HubAddress, private: bool, revision: str | None
) -> Published:
    """Upload the model and its card, in one commit on the branch `revision`.

    The repository and the branch are made if they are missing; `private` holds for a new
    repository only.

    Raises:
        UsageError: the Hub cannot have a repository or branch of that name.
        RunError: `hub-refused`, the token may not write there; `model-unreachable`.
    """
    # Only who publishes waits for these imports.
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HFValidationError

    content = subject.file.read_bytes()
    digest = sha256(content).hexdigest()
    files = [
        CommitOperationAdd(HUB_FILE, content),
        CommitOperationAdd(CARD, card(subject, address.repo).encode()),
    ]
    branch = revision or address.revision
    hub = HfApi()
    try:
        hub.create_repo(address.repo, private=private or None, exist_ok=True)
        if branch:
            hub.create_branch(address.repo, branch=branch, exist_ok=True)
        manifest = subject.model.manifest
        commit = hub.create_commit(
            address.repo,
            files,
            commit_message=f"{manifest.name} {manifest.version}",
            revision=branch,
        )
    except HFValidationError as error:
        raise UsageError(
            Code.BAD_OPTION,
            f"The Hub cannot have that repository: {str(error).splitlines()[0]}",
            "Write it as hf:OWNER/REPO.",
        ) from error
    except hub_error_types() as error:
        raise translate_hub_error(f"{address.repo}: not published on the Hub", error) from error
    return Published(HubAddress(address.repo, commit.oid), digest)


def card(subject: Subject, repo: str) -> str:
    """The model card: what the Hub reads as YAML, then what people read."""
    manifest = subject.model.manifest
    told = metrics_beside(subject.file) if subject.file.name == MODEL else {}
    parts = (
        _front_matter(manifest, told).rstrip(),
        f"# {manifest.name}\n\n{manifest.description}".rstrip(),
        _use(subject, repo),
        _limits(manifest),
        _licence(manifest),
        _measured(told, subject.config) if told and subject.config else _brief(manifest),
        _precision(manifest),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(manifest: ModelManifest, told: Mapping[str, Any]) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    licence = manifest.licence.lower()
    known = licence in _HUB_LICENCES
    test = told.get("test") or manifest.scores.get("test") or {}
    results = [
        EvalResult(
            task_type="audio-classification",
            dataset_type="held-out",
            dataset_name=f"{test['clips']} held-out clips, split by {_split(manifest)}",
            metric_type=kind,
            metric_name=name,
            metric_value=round(test[name], 4),
        )
        for name, kind in _METRICS.items()
        if name in test
    ]
    data = ModelCardData(
        license=licence if known else "other",
        license_name=None if known else licence,
        library_name="onnx",
        pipeline_tag="audio-classification",
        tags=["music", "genre", "audio", "onnx", "genretag"],
        metrics=sorted(set(_METRICS.values())),
        model_name=manifest.name if results else None,
        eval_results=results or None,
    )
    return f"---\n{data.to_yaml()}\n---"


def _split(manifest: ModelManifest) -> str:
    return str(manifest.training.get("split", "unknown rule"))


def _use(subject: Subject, repo: str) -> str:
    address = f"{HUB_PREFIX}{repo}"
    return f"""## Use

```sh
genretag models pull {address} --sha256 {subject.model.digest}
genretag scan --dry-run --model {address} ~/Music
```

`{HUB_FILE}` is one ONNX file; genres, front end, windows, temperature and threshold lie in its
metadata (`genretag models show {address}`)."""


def _limits(manifest: ModelManifest) -> str:
    genres = manifest.genres.names
    window = manifest.window
    return f"""## Intended use and limits

For filling in missing genres in a music library, with a person who can look at what was written
and take it back (`genretag undo`). Not for judging people or works, nor for paying anyone.

- It tells {len(genres)} genres apart and calls everything else one of them: {", ".join(genres)}.
- It hears up to {window.balanced} windows of {window.length_s:g} s of a track, not all of it.
- Below a score of {manifest.threshold:.2f} nothing is written.
- Labels are what others gave the recordings; some are wrong, and genres are not equally well known.
- The scores below hold for recordings like those that it was judged on, and for no others."""


def _licence(manifest: ModelManifest) -> str:
    data = manifest.training.get("data") or "What it learned from was not recorded."
    return f"""## Licence and data

The weights: {manifest.licence}. The recordings are not part of it and have licences of their own.

{data}"""


def _measured(told: Mapping[str, Any], config: TrainConfig) -> str:
    """The same tables as on the card of a bundled model, from the run's `metrics.json`."""
    calibration = told["calibration"]
    judgement = HoldoutReport(
        calibration["temperature"], calibration["threshold"], told["valid"], told["test"], ()
    )
    return measured(judgement, told["data"], config)


def _brief(manifest: ModelManifest) -> str:
    rows = [
        f"| {side} ({found['clips']} clips) | {_interval(found, 'accuracy')} "
        f"| {_interval(found, 'f1_macro')} | {found['ece']:.3f} |"
        for side in ("valid", "test")
        if (found := manifest.scores.get(side))
    ]
    if not rows:
        return "## Scores\n\nIt was not measured."
    head = "|  | accuracy | macro-F1 | ECE |\n| --- | ---: | ---: | ---: |"
    said = f"In brackets 95% bootstrap intervals over groups. Split: {_split(manifest)}."
    return "\n".join(("## Scores", "", said, "", head, *rows))


def _interval(found: Mapping[str, Any], name: str) -> str:
    low, high = found[f"{name}_95"]
    return f"{found[name]:.3f} ({low:.3f} to {high:.3f})"


def _precision(manifest: ModelManifest) -> str:
    cost = manifest.scores.get("precision")
    if not cost or cost["precision"] == "fp32":
        return ""
    return f"""## Precision

Weights in {cost["precision"]}: test accuracy {cost["accuracy"]:.3f}, in fp32
{cost["accuracy_fp32"]:.3f}; macro-F1 {cost["f1_macro"]:.3f}, in fp32 {cost["f1_macro_fp32"]:.3f};
the same best genre for {cost["same_genre"]:.1%} of {cost["clips"]} clips."""
