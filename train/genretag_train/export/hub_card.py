"""The model card on the Hugging Face Hub: YAML for the Hub, then Markdown for people."""

from collections.abc import Mapping
from typing import Any

from genretag.domain.manifest import ModelManifest
from genretag.inference.store import HUB_FILE, HUB_PREFIX
from genretag_train.evaluation import markdown, prose
from genretag_train.evaluation.card import (
    describe_cost,
    describe_leaks,
    render_measurements,
    render_precision,
)
from genretag_train.evaluation.holdout import HoldoutReport
from genretag_train.evaluation.models import EvaluatedModel, read_metrics
from genretag_train.run_folder import MODEL

_HUB_LICENCES = frozenset(
    {"mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0"}
    | {"cc-by-nc-4.0", "cc-by-nc-sa-4.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0"}
)
"""The names of licences that the Hub knows; the others it calls `other`."""

_METRICS = {"accuracy": "accuracy", "f1_macro": "f1"}

_MEASURED_ON = {
    "valid": "valid",
    "test": "test",
    "groups": "cross-validation, artists apart",
    "sources": "cross-validation, collections apart",
}


def render_card(model: EvaluatedModel, repo: str) -> str:
    """Return the card of a model that is published as `repo`, with the metrics of its run."""
    manifest = model.manifest
    metrics = read_metrics(model.file) if model.file.name == MODEL else {}
    if metrics and model.config:
        report = HoldoutReport.from_json(metrics)
        scores = render_measurements(report, metrics["data"], model.config)
    else:
        scores = _brief_scores(manifest)
    parts = (
        _front_matter(manifest, metrics).rstrip(),
        f"# {manifest.name}\n\n{manifest.description}".rstrip(),
        _use(model, repo),
        prose.render_limits(manifest),
        prose.render_licence(manifest),
        scores,
        render_precision(manifest.scores.get("precision")),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(manifest: ModelManifest, metrics: Mapping[str, Any]) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    licence = manifest.licence.lower()
    known = licence in _HUB_LICENCES
    test = metrics.get("test") or manifest.scores.get("test") or {}
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


def _use(model: EvaluatedModel, repo: str) -> str:
    address = f"{HUB_PREFIX}{repo}"
    return f"""## Use

```sh
genretag models pull {address} --sha256 {model.session.digest}
genretag scan --dry-run --model {address} ~/Music
```

`{HUB_FILE}` is one ONNX file; genres, front end, windows, temperature and threshold lie in its
metadata (`genretag models show {address}`)."""


def _brief_scores(manifest: ModelManifest) -> str:
    """Return the scores that the file itself has, of whichever clips it was measured on."""
    rows = [
        (
            f"{words} ({metrics['clips']} clips)",
            markdown.format_interval(metrics, "accuracy"),
            markdown.format_interval(metrics, "f1_macro"),
            f"{metrics['ece']:.3f}",
        )
        for name, words in _MEASURED_ON.items()
        if (metrics := manifest.scores.get(name))
    ]
    if not rows:
        return markdown.render_section("Scores", "It was not measured.")
    if "groups" in manifest.scores:
        split = "Artists apart: yes. Each clip was judged without its artist, or other group."
    else:
        split = f"Split: {_split(manifest)}. {describe_leaks(manifest.training)}"
    return markdown.render_section(
        "Scores",
        f"In brackets 95% bootstrap intervals over groups. {split}",
        markdown.render_table(("", "accuracy", "macro-F1", "ECE"), rows),
        describe_cost(manifest.training),
    )
