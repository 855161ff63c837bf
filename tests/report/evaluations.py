"""Evaluations of many kinds, with names that would like to break the output."""

import numpy as np

from genretag.domain.evaluation import Counts, Evaluation, Judged, graded
from genretag.domain.truth import Stranger

TWELVE = (
    "Blues", "Classical", "Country", "Electronic", "Hip-Hop", "Jazz", "Metal", "Pop", "Reggae",
    "Rock", "Soul-RnB", "Spoken",
)  # fmt: skip

STRANGERS = (
    Stranger("Alternative Rock", 14, "Rock", "name"),
    Stranger("Soundtrack", 9),
    Stranger("House", 7, "Electronic", "model"),
    Stranger("\x1b[31mred\x1b[0m [bold]Pop[/]\n", 3, "Pop", "name"),
    Stranger('12" "Jazz" \\ a name that is far too long for any table', 2, "Jazz", "name"),
    Stranger("漢字\u202egnp", 1),
    *(Stranger(f"Tail {n}", 1) for n in range(9)),
)


def judged(classes: tuple[str, ...], files: int, skill: float) -> Judged:
    """So many files, the same each time; those with high scores are right more often."""
    rng = np.random.default_rng(7)
    truth = rng.integers(len(classes), size=files)
    score = rng.uniform(0.3, 1.0, files)
    right = rng.random(files) < np.minimum(1.0, score + skill)
    said = np.where(right, truth, rng.integers(len(classes), size=files))
    chances = np.repeat((1 - score)[:, None] / len(classes), len(classes), axis=1)
    chances[np.arange(files), said] = score
    return Judged(classes, chances, truth, (said == truth) | (rng.random(files) < 0.1))


def evaluation(
    classes: tuple[str, ...] = TWELVE, files: int = 400, skill: float = 0.1, wish: float = 0.9
) -> Evaluation:
    counts = Counts(judged=files, untagged=31, unmapped=37, silent=1, failed=2)
    grades = graded(judged(classes, files, skill), 0.8, wish)
    return Evaluation("toy@0123456789ab", counts, STRANGERS, grades)


NOTHING = Evaluation("toy@0123456789ab", Counts(untagged=3, unmapped=2), STRANGERS[1:2], None)
