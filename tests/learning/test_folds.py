"""Folds keep artists whole and genres balanced, as those of scikit-learn do."""

import warnings

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from genretag.learning.folds import N_FOLDS, fold_groups


def library(seed: int) -> tuple[np.ndarray, list[str]]:
    """Genres and artists of tracks; every third library's artists have one genre each."""
    rng = np.random.default_rng(seed)
    tracks, genres = int(rng.integers(50, 900)), int(rng.integers(2, 20))
    artists = rng.integers(0, rng.integers(N_FOLDS, tracks // 2 + 6), tracks)
    labels = rng.integers(0, genres, tracks)
    return (artists * 7919 % genres if seed % 3 == 0 else labels), [f"a{n}" for n in artists]


@pytest.mark.parametrize("seed", range(12))
def test_they_are_those_of_scikit_learn(seed: int) -> None:
    labels, artists = library(seed)
    splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    theirs = np.zeros(len(labels), int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of genres that are too few
        for fold, (_, members) in enumerate(splitter.split(labels, labels, artists)):
            theirs[members] = fold
    assert fold_groups(labels, artists).tolist() == theirs.tolist()


@pytest.mark.parametrize("seed", range(6))
def test_no_artist_is_in_two(seed: int) -> None:
    labels, artists = library(seed)
    folds = fold_groups(labels, artists)
    assert all(len(set(folds[np.array(artists) == one])) == 1 for one in set(artists))
    assert set(folds) == set(range(N_FOLDS))


def test_fewer_artists_than_folds_leave_some_empty() -> None:
    assert len(set(fold_groups(np.array([0, 1, 0, 1]), ["a", "b", "a", "b"]).tolist())) == 2
