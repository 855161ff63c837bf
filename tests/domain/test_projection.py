import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genretag.domain.projection import project_to_plane

SHAPES = st.tuples(st.integers(0, 12), st.integers(0, 6))
POINTS = arrays(np.float16, SHAPES, elements=st.floats(-8, 8, width=16))


@given(POINTS)
def test_whatever_the_points_their_places_are_on_the_map(points: np.ndarray) -> None:
    places = project_to_plane(points)
    assert places.shape == (len(points), 2)
    assert np.isfinite(places).all() and np.abs(places).max(initial=0) <= 1 + 1e-9


def test_points_that_do_not_differ_lie_in_the_middle() -> None:
    assert not project_to_plane(np.full((5, 3), 0.1, np.float16)).any()
    assert not project_to_plane(np.ones((1, 4))).any()


def test_the_first_direction_is_the_one_in_which_they_differ_most() -> None:
    rng = np.random.default_rng(0)
    apart = rng.normal(size=(200, 1)) * 5
    points = np.hstack([rng.normal(size=(200, 3)), apart])
    places = project_to_plane(points)
    assert abs(np.corrcoef(places[:, 0], apart[:, 0])[0, 1]) > 0.95
    assert np.allclose(places.max(axis=0), 1)


def test_a_large_library_is_laid_out_as_exactly_as_anyone_sees() -> None:
    points = np.random.default_rng(3).normal(size=(2000, 300)).astype(np.float16)
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    exact = centred @ axes[:, -1]
    ours = project_to_plane(points)[:, 0]
    assert abs(np.corrcoef(exact, ours)[0, 1]) > 1 - 1e-6


def test_the_order_of_the_points_changes_nothing() -> None:
    points = np.random.default_rng(1).normal(size=(30, 5))
    assert np.allclose(project_to_plane(points)[::-1], project_to_plane(points[::-1]), atol=1e-5)


def test_like_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    points = np.random.default_rng(2).normal(size=(50, 7)) * np.arange(1, 8)
    theirs = PCA(2).fit_transform(points)
    ours = project_to_plane(points)
    for axis in range(2):
        assert abs(np.corrcoef(theirs[:, axis], ours[:, axis])[0, 1]) > 1 - 1e-9
