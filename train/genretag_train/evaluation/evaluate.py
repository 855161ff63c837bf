"""Metrics of a model on labelled clips, by the track and by the window."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain.genre import fold_name
from genretag.domain.metrics import Labels, Probabilities, acceptance, log_loss, row_shares
from genretag.domain.prediction import Averaging, Scores, mean_scores
from genretag.errors import FileError
from genretag.inference.session import DeviceError, device_failure
from genretag.learning.metrics import compute_metrics
from genretag_train.data.dataset import Clip, bad_dataset
from genretag_train.evaluation.clips import SelectedClips
from genretag_train.evaluation.models import EvaluatedModel
from genretag_train.features.extraction import Skipped, extract_windows
from genretag_train.progress import Progress, map_threaded

SCHEMA = 1


@dataclass(frozen=True, eq=False)
class ClipScores:
    """Labelled clips and the calibrated scores of their windows.

    `truth` [n_clips] are indices into the model's genres; each of `scores` is
    [n_windows, n_genres]. `embeddings` [n_clips, width] are means over the windows; the width is
    0 if the model has none. `averaging` is the model's.
    """

    clips: tuple[Clip, ...]
    truth: Labels
    scores: tuple[Scores, ...]
    skipped: tuple[Skipped, ...]
    embeddings: NDArray[np.float32]
    averaging: Averaging = "scores"

    @property
    def groups(self) -> list[str]:
        """The group of each clip."""
        return [clip.group for clip in self.clips]

    @cached_property
    def probabilities(self) -> Probabilities:
        """The scores that `scan` would show of each clip [n_clips, n_genres]."""
        return np.stack([mean_scores(rows, self.averaging) for rows in self.scores])

    @cached_property
    def predicted(self) -> Labels:
        """The index of the best genre of each clip [n_clips]."""
        best: Labels = self.probabilities.argmax(axis=1)
        return best

    def take(self, places: Sequence[int]) -> "ClipScores":
        """Return the clips at some places, in this order, with their scores."""
        chosen = np.array(places, dtype=np.intp)
        return replace(
            self,
            clips=tuple(self.clips[place] for place in places),
            truth=self.truth[chosen],
            scores=tuple(self.scores[place] for place in places),
            embeddings=self.embeddings[chosen],
        )


def score_clips(model: EvaluatedModel, clips: Sequence[Clip], progress: Progress) -> ClipScores:
    """Score the clips as `scan` does; those that cannot be scored are in `skipped`.

    Raises:
        RunError: `bad-dataset`, no clip can be scored; `model-invalid`, scoring failed.
    """

    def score(clip: Clip) -> tuple[Scores, NDArray[np.float32]] | str:
        try:
            windows = extract_windows(clip.path, model.spec)
            if not len(windows):
                return "silent"
            scores, embeddings = model.session.predict_with_embeddings(windows)
        except FileError as error:
            return str(error.code)
        except DeviceError as error:
            raise device_failure(model.file, error) from error
        return scores, embeddings.mean(axis=0)

    results = list(map_threaded(score, clips, progress))
    scored = [(clip, found) for clip, found in results if not isinstance(found, str)]
    if not scored:
        raise bad_dataset(f"none of the {len(clips)} clips can be scored")
    labels = model.labels
    return ClipScores(
        tuple(clip for clip, _ in scored),
        np.array([labels[fold_name(clip.genre)] for clip, _ in scored]),
        tuple(scores for _, (scores, _) in scored),
        tuple(Skipped(clip.name, found) for clip, found in results if isinstance(found, str)),
        np.stack([embedding for _, (_, embedding) in scored]),
        model.session.manifest.averaging,
    )


def evaluate_model(
    model: EvaluatedModel, selected: SelectedClips, progress: Progress
) -> dict[str, Any]:
    """Score the clips and compute metrics at the levels `track` and `window`, for JSON.

    At `window` level everything that is called `clips` counts windows. Intervals are
    bootstraps over groups at both levels, as windows of a track are alike.

    Raises:
        RunError: `bad-dataset`, `model-invalid`, see `score_clips`.
    """
    scored = score_clips(model, selected.clips, progress)
    n_windows = [len(rows) for rows in scored.scores]
    return {
        "schema": SCHEMA,
        "model": model.session.identity,
        "clips": len(scored.clips),
        "windows": sum(n_windows),
        "groups": len(set(scored.groups)),
        "dropped_genres": dict(selected.dropped),
        "skipped": dict(Counter(clip.reason for clip in scored.skipped)),
        "skipped_files": {clip.name: clip.reason for clip in scored.skipped},
        "track": _compute_level(model, scored.probabilities, scored.truth, scored.groups),
        "window": _compute_level(
            model,
            np.concatenate(scored.scores).astype(np.float64),
            np.repeat(scored.truth, n_windows),
            np.repeat(scored.groups, n_windows).tolist(),
        ),
    }


def _compute_level(
    model: EvaluatedModel, probabilities: Probabilities, truth: Labels, groups: Sequence[str]
) -> dict[str, Any]:
    metrics = compute_metrics(probabilities, truth, groups, model.genres)
    return {
        **metrics,
        "confusion_rows": row_shares(metrics["confusion"]),
        "log_loss": log_loss(probabilities, truth),
        "accepted": asdict(acceptance(probabilities, truth, model.manifest.threshold)),
    }
