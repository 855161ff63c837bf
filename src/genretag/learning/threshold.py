"""The threshold below which no genre is written: chosen so that it keeps its promised precision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag.domain.genre import Family, GenreVocabulary
from genretag.domain.metrics import Labels, Probabilities, wilson_interval

Families = NDArray[np.bool_]
"""[n_families, n_genres]: True for the genres that are of a family; each is of one at least."""

Hits = NDArray[np.bool_]
"""[n_clips] or [n_clips, n_thresholds]."""

Intervals = NDArray[np.float64]
"""[2] or [2, n_thresholds]: the lower and the upper end of 95% intervals, in [0, 1]."""

_THRESHOLDS = np.arange(1, 100) / 100
_RESAMPLES = 2000


@dataclass(frozen=True)
class AcceptedClips:
    """Clips that reach a threshold: their share of all, and the share of them that is right.

    Both shares are in [0, 1] and have the 95% interval of `grouped_share_interval`.
    """

    clips: int
    groups: int
    coverage: float
    coverage_95: tuple[float, float]
    precision: float
    precision_95: tuple[float, float]


def list_families(genres: Sequence[str], parents: Mapping[str, str]) -> list[Family]:
    """Return the families that a model of these genres has, and each genre as one by itself.

    >>> [one.name for one in list_families(("Metal", "Pop", "Rock"), {"Metal": "Rock"})]
    ['Rock', 'Metal', 'Pop', 'Rock']
    """
    own = {genre: parents[genre] for genre in genres if genre in parents}
    alone = (Family(genre, (genre,)) for genre in genres)
    return [*GenreVocabulary(tuple(genres), own).families, *alone]


def find_families(genres: Sequence[str], parents: Mapping[str, str]) -> Families:
    """Return the members of what `list_families` returns.

    >>> find_families(("Metal", "Pop", "Rock"), {"Metal": "Rock"}).astype(int).tolist()
    [[1, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    """
    families = list_families(genres, parents)
    return np.array([[genre in family.genres for genre in genres] for family in families])


def judge_written(
    probabilities: Probabilities,
    truth: Labels,
    families: Families,
    thresholds: NDArray[np.float64] | float,
) -> tuple[Hits, Hits]:
    """Return into which clips something is written, and in which of them that is right.

    It is the best genre if that reaches the threshold, else the family with the largest sum if
    that does, which is right for all genres of the family.

    Args:
        probabilities: [n_clips, n_genres]; a genre without any family is never written.
        truth: [n_clips] indices of genres; any below 0 is none of them.
        families: as `find_families` makes them.
        thresholds: one for all, [n_clips], or [n_clips, n_thresholds], which the results are then.
    """
    probabilities = np.where(families.any(axis=0), probabilities, 0.0)
    sums = probabilities @ families.T
    in_family = families[sums.argmax(axis=1), truth] & (truth >= 0)
    is_best = probabilities.argmax(axis=1) == truth
    best, family = probabilities.max(axis=1), sums.max(axis=1)
    if np.ndim(thresholds) == 2:
        best, family, is_best, in_family = (
            column[:, None] for column in (best, family, is_best, in_family)
        )
    written: Hits = family >= thresholds
    right: Hits = written & np.where(best >= thresholds, is_best, in_family)
    return written, right


def measure_accepted(
    probabilities: Probabilities,
    truth: Labels,
    groups: Sequence[str],
    families: Families,
    thresholds: NDArray[np.float64] | float,
) -> AcceptedClips:
    """Measure coverage and precision at `thresholds`, one for each clip or one for all.

    Without any accepted clip the precision is 0, and its interval [0, 1].
    """
    return measure_written(*judge_written(probabilities, truth, families, thresholds), groups)


def measure_written(written: Hits, right: Hits, groups: Sequence[str]) -> AcceptedClips:
    """Measure the share of clips [n_clips] into which a genre is written, and how many are right.

    Without any such clip the precision is 0, and its interval [0, 1].
    """
    right = right & written
    hits, of = np.stack([written, right], 1), np.stack([np.ones_like(written), written], 1)
    low, high = grouped_share_interval(hits, of, groups)
    return AcceptedClips(
        len(written),
        len(set(groups)),
        float(written.mean()) if len(written) else 0.0,
        (float(low[0]), float(high[0])),
        float(right.sum() / max(written.sum(), 1)),
        (float(low[1]), float(high[1])),
    )


def choose_threshold(
    probabilities: Probabilities,
    truth: Labels,
    groups: Sequence[str],
    families: Families,
    precision: float,
    min_accepted: int,
    otherwise: float | None = None,
) -> float:
    """Find the lowest threshold, in hundredths, with a precision of at least `precision`.

    The lower end of the 95% interval must reach it, and `min_accepted` clips or more must be
    accepted. Where no threshold is as good, it is the one with the highest lower end among those
    whose precision itself reaches it. If that is none either, it is `otherwise`, or where that is
    None the one with the highest lower end of all. The lowest of all accepts the most clips; it is
    the one where even that accepts too few.
    """
    accepted, right = judge_written(probabilities, truth, families, _THRESHOLDS[None])
    low = grouped_share_interval(right, accepted, groups)[0]
    is_enough = accepted.sum(axis=0) >= min(min_accepted, len(truth))
    reached = np.flatnonzero(is_enough & (low >= precision))
    if len(reached):
        return float(_THRESHOLDS[reached[0]])
    is_precise = is_enough & (right.sum(axis=0) >= precision * accepted.sum(axis=0))
    if not is_precise.any() and otherwise is not None:
        return otherwise
    if not is_enough.any():
        return float(_THRESHOLDS[0])
    candidates = np.flatnonzero(is_precise if is_precise.any() else is_enough)
    return float(_THRESHOLDS[candidates[low[candidates].argmax()]])


def grouped_share_interval(hits: Hits, of: Hits, groups: Sequence[str]) -> Intervals:
    """Compute the 95% interval of the share of `hits` in `of`, which contains all hits.

    It spans two intervals: a bootstrap over whole groups, as clips of one artist are alike, and
    Wilson's (1927), as a bootstrap over a few clips that are all right would see no doubt.
    """
    if not len(hits):
        return np.stack([np.zeros(hits.shape[1:]), np.ones(hits.shape[1:])])
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    counts = np.zeros((2, len(names), *hits.shape[1:]))
    for kind, flags in enumerate((hits, of)):
        np.add.at(counts[kind], group_of, flags)
    draws = np.random.default_rng(0).multinomial(
        len(names), np.full(len(names), 1 / len(names)), _RESAMPLES
    )
    n_hits, n_all = (draws @ per_group for per_group in counts)
    shares = n_hits / np.maximum(n_all, 1)
    # A draw without any clip of `of` tells nothing: none of them may be a hit, or all.
    low = np.percentile(np.where(n_all > 0, shares, 0), 2.5, axis=0)
    high = np.percentile(np.where(n_all > 0, shares, 1), 97.5, axis=0)
    wilson = np.vectorize(wilson_interval)(hits.sum(axis=0), of.sum(axis=0))
    return np.stack([np.minimum(low, wilson[0]), np.maximum(high, wilson[1])])
