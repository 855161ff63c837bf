"""A model judged on labelled clips, by the window and by the track."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.table import Table

from genretag.domain.genre import fold_name
from genretag.domain.metrics import Labels, Probabilities, acceptance, log_loss, row_shares
from genretag.domain.prediction import Scores, mean_scores
from genretag.errors import FileError
from genretag.inference.session import DeviceError, device_failure
from genretag_train.data.dataset import Clip, bad_dataset
from genretag_train.evaluation import metrics
from genretag_train.evaluation.runs import Chosen, Subject
from genretag_train.features.extraction import Skipped, Windows, extract_windows
from genretag_train.progress import Progress, map_threaded

Embed = Callable[[Windows], NDArray[np.float32]]
"""From a clip's windows to their embeddings [n_windows, width]."""

SCHEMA = 1
LEVELS = ("track", "window")
_INTERVALS = {"accuracy": "accuracy", "f1_weighted": "F1 weighted", "f1_macro": "F1 macro"}
_PLAIN = {
    "accuracy_top2": "top-2 accuracy",
    "log_loss": "log loss",
    "mean_score": "mean score",
    "ece": "ECE",
}


@dataclass(frozen=True, eq=False)
class Heard:
    """The clips that could be judged, the genre of each and the scores of its windows.

    `truth` [n_clips] are indices into the model's genres; each of `scores` is
    [n_windows, n_genres], calibrated. `embedded` [n_clips, width] is empty unless asked for.
    """

    clips: tuple[Clip, ...]
    truth: Labels
    scores: tuple[Scores, ...]
    skipped: tuple[Skipped, ...]
    embedded: NDArray[np.float32]

    @property
    def probabilities(self) -> Probabilities:
        """What `scan` would show of each clip [n_clips, n_genres]."""
        return np.stack([mean_scores(rows) for rows in self.scores])


def heard(
    subject: Subject, clips: Sequence[Clip], progress: Progress, embed: Embed | None = None
) -> Heard:
    """Score the clips as `scan` does.

    Raises:
        RunError: `bad-dataset`, none of them can be heard; `model-invalid`, scoring failed.
    """
    spec = subject.spec
    nothing = np.zeros(0, np.float32)

    def scored(clip: Clip) -> tuple[Scores, NDArray[np.float32]] | str:
        try:
            windows = extract_windows(clip.path, spec)
        except FileError as error:
            return str(error.code)
        if not len(windows):
            return "silent"
        try:
            scores = subject.model.score(windows)
        except DeviceError as error:
            raise device_failure(subject.file, error) from error
        return scores, embed(windows).mean(axis=0) if embed else nothing

    kept, skipped = [], []
    for clip, found in map_threaded(scored, clips, progress):
        if isinstance(found, str):
            skipped.append(Skipped(clip.name, found))
        else:
            kept.append((clip, found))
    if not kept:
        raise bad_dataset(f"none of the {len(clips)} clips can be heard")
    places = {fold_name(genre): place for place, genre in enumerate(subject.genres)}
    return Heard(
        tuple(clip for clip, _ in kept),
        np.array([places[fold_name(clip.genre)] for clip, _ in kept]),
        tuple(scores for _, (scores, _) in kept),
        tuple(skipped),
        np.stack([embedded for _, (_, embedded) in kept]),
    )


def evaluated(subject: Subject, chosen: Chosen, found: Heard) -> dict[str, Any]:
    """Counts and scores at the levels `track` and `window`, for a table or as JSON.

    At `window` level everything that is called `clips` counts windows. Intervals are
    bootstraps over groups at both levels, as windows of a track are alike.
    """
    groups = [clip.group for clip in found.clips]
    n_windows = [len(rows) for rows in found.scores]
    threshold = subject.model.manifest.threshold
    return {
        "schema": SCHEMA,
        "model": subject.model.identity,
        "clips": len(found.clips),
        "windows": sum(n_windows),
        "groups": len(set(groups)),
        "dropped_genres": dict(chosen.dropped),
        "skipped": dict(Counter(clip.reason for clip in found.skipped)),
        "skipped_files": {clip.name: clip.reason for clip in found.skipped},
        "track": _level(found.probabilities, found.truth, groups, subject.genres, threshold),
        "window": _level(
            np.concatenate(found.scores).astype(np.float64),
            np.repeat(found.truth, n_windows),
            [group for group, n in zip(groups, n_windows, strict=True) for _ in range(n)],
            subject.genres,
            threshold,
        ),
    }


def _level(
    probabilities: Probabilities,
    truth: Labels,
    groups: Sequence[str],
    genres: Sequence[str],
    threshold: float,
) -> dict[str, Any]:
    told = metrics.report(probabilities, truth, groups, genres)
    return {
        **told,
        "confusion_rows": row_shares(told["confusion"]),
        "log_loss": log_loss(probabilities, truth),
        "accepted": asdict(acceptance(probabilities, truth, threshold)),
    }


def shown(told: Mapping[str, Any]) -> Group:
    """The tables that a terminal shows of what `evaluated` gives."""
    counts = f"{told['clips']} clips, {told['windows']} windows, {told['groups']} groups"
    if told["skipped"]:
        counts += f"; skipped {told['skipped']}"
    if told["dropped_genres"]:
        counts += f"; genres left out {told['dropped_genres']}"
    return Group(
        f"{told['model']}: {counts}", "", _summary(told), "", _genres(told["track"]), "",
        "Of the tracks of a genre (rows), % that are taken for each",
        _confusion(told["track"]),
    )  # fmt: skip


def _summary(told: Mapping[str, Any]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for level in LEVELS:
        table.add_column(f"by {level}", justify="right", no_wrap=True)
        table.add_column("95%", style="dim", no_wrap=True)
    for name, words in _INTERVALS.items():
        cells = []
        for level in LEVELS:
            low, high = told[level][f"{name}_95"]
            cells += [f"{told[level][name]:.3f}", f"{low:.3f} to {high:.3f}"]
        table.add_row(words, *cells)
    for name, words in _PLAIN.items():
        values = [cell for level in LEVELS for cell in (f"{told[level][name]:.3f}", "")]
        table.add_row(words, *values)
    accepted = [told[level]["accepted"] for level in LEVELS]
    limit = f"{accepted[0]['threshold']:.2f}"
    for name, words in (("coverage", f"score >= {limit}"), ("precision", "of these right")):
        cells = [cell for found in accepted for cell in (f"{found[name]:.1%}", "")]
        table.add_row(words, *cells)
    return table


def _genres(level: Mapping[str, Any]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("genre (tracks)", no_wrap=True)
    for name in ("precision", "recall", "F1", "support"):
        table.add_column(name, justify="right")
    for genre, found in level["genres"].items():
        numbers = (f"{found[name]:.2f}" for name in ("precision", "recall", "f1"))
        table.add_row(genre, *numbers, str(found["clips"]))
    return table


def _confusion(level: Mapping[str, Any]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    genres = list(level["genres"])
    for place in range(len(genres)):
        table.add_column(str(place + 1), justify="right", min_width=3)
    for place, (genre, row) in enumerate(zip(genres, level["confusion_rows"], strict=True)):
        cells = [f"{share:.0%}".rstrip("%") if share else "." for share in row]
        cells[place] = f"[bold]{cells[place]}[/]"
        table.add_row(f"{place + 1:>2} {genre}", *cells)
    return table
