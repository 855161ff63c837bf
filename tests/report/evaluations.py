"""Evaluations of many kinds, with names that would like to break the output."""

import numpy as np

from genretag.domain.evaluation import Evaluation, FileCounts, ScoredFiles, compute_metrics
from genretag.domain.truth import UnmappedGenre

TWELVE = (
    "Blues", "Classical", "Country", "Electronic", "Hip-Hop", "Jazz", "Metal", "Pop", "Reggae",
    "Rock", "Soul-RnB", "Spoken",
)  # fmt: skip

STRANGERS = (
    UnmappedGenre("Alternative Rock", 14, "Rock", "name"),
    UnmappedGenre("Soundtrack", 9),
    UnmappedGenre("House", 7, "Electronic", "model"),
    UnmappedGenre("\x1b[31mred\x1b[0m [bold]Pop[/]\n", 3, "Pop", "name"),
    UnmappedGenre('12" "Jazz" \\ a name that is far too long for any table', 2, "Jazz", "name"),
    UnmappedGenre("漢字\u202egnp", 1),
    *(UnmappedGenre(f"Tail {n}", 1) for n in range(9)),
)


def judged(classes: tuple[str, ...], files: int, skill: float) -> ScoredFiles:
    """So many files, the same each time; those with high scores are right more often."""
    rng = np.random.default_rng(7)
    truth = rng.integers(len(classes), size=files)
    score = rng.uniform(0.3, 1.0, files)
    right = rng.random(files) < np.minimum(1.0, score + skill)
    said = np.where(right, truth, rng.integers(len(classes), size=files))
    probabilities = np.repeat((1 - score)[:, None] / len(classes), len(classes), axis=1)
    probabilities[np.arange(files), said] = score
    any_right = (said == truth) | (rng.random(files) < 0.1)
    no_family = np.zeros(files), np.zeros(files, bool)
    return ScoredFiles(classes, probabilities, truth, any_right, *no_family)


def evaluation(
    classes: tuple[str, ...] = TWELVE, files: int = 400, skill: float = 0.1, wish: float = 0.9
) -> Evaluation:
    counts = FileCounts(compared=files, untagged=31, unmapped=37, silent=1, failed=2)
    grades = compute_metrics(judged(classes, files, skill), 0.8, wish)
    return Evaluation("toy@0123456789ab", counts, STRANGERS, grades)


NOTHING = Evaluation("toy@0123456789ab", FileCounts(untagged=3, unmapped=2), STRANGERS[1:2], None)
