"""A family of genres may be sure where no genre is."""

from math import fsum, isnan

from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.family import best_family, choose
from genretag.domain.genre import Family, GenreVocabulary
from genretag.domain.prediction import ScoredGenre

NAMES = ("Rock", "Metal", "Classical", "Soundtrack", "Latin", "Reggae", "Pop")
PARENTS = {
    "Metal": "Rock", "Classical": "Score", "Soundtrack": "Score", "Latin": "World",
    "Reggae": "World", "Pop": "Alone",
}  # fmt: skip
FAMILIES = GenreVocabulary(NAMES, PARENTS).families


def ranked(scores: dict[str, float]) -> tuple[ScoredGenre, ...]:
    genres = [ScoredGenre(*one) for one in scores.items()]
    return tuple(sorted(genres, key=lambda genre: -genre.score))


@st.composite
def predictions(draw: st.DrawFn) -> tuple[ScoredGenre, ...]:
    weights = draw(st.lists(st.floats(0, 1), min_size=len(NAMES), max_size=len(NAMES)))
    total = fsum(weights) or 1.0
    return ranked({name: one / total for name, one in zip(NAMES, weights, strict=True)})


@given(genres=predictions(), threshold=st.floats(0, 1))
def test_a_family_is_chosen_only_where_no_genre_reaches_the_threshold_and_its_sum_does(
    genres: tuple[ScoredGenre, ...], threshold: float
) -> None:
    sums = {
        family.name: min(1.0, fsum(one.score for one in genres if one.name in family.genres))
        for family in FAMILIES
    }
    choice = choose(genres, FAMILIES, threshold)
    if genres[0].score >= threshold:
        assert choice and choice.best == genres[0] and choice.family is None
    elif max(sums.values()) >= threshold:
        assert choice and choice.family
        assert choice.best.score == sums[choice.best.name] == max(sums.values())
        assert not isnan(choice.best.score) and choice.best.score <= 1
    else:
        assert choice is None


@given(genres=predictions(), threshold=st.floats(0, 1), shuffled=st.permutations(NAMES))
def test_the_order_of_genres_and_families_does_not_matter(
    genres: tuple[ScoredGenre, ...], threshold: float, shuffled: list[str]
) -> None:
    families = GenreVocabulary(tuple(shuffled), dict(sorted(PARENTS.items()))).families
    tail = tuple(sorted(genres[1:], key=lambda one: (-one.score, shuffled.index(one.name))))
    assert choose((*genres[:1], *tail), families[::-1], threshold) == choose(
        genres, FAMILIES, threshold
    )


@given(genres=predictions())
def test_a_threshold_of_0_chooses_the_best_genre(genres: tuple[ScoredGenre, ...]) -> None:
    choice = choose(genres, FAMILIES, 0.0)
    assert choice and choice.best == genres[0] and choice.family is None


@given(genres=predictions(), threshold=st.floats(0, 1))
def test_without_parents_only_a_genre_that_reaches_the_threshold_is_chosen(
    genres: tuple[ScoredGenre, ...], threshold: float
) -> None:
    choice = choose(genres, GenreVocabulary(NAMES).families, threshold)
    assert (choice and choice.best) == (genres[0] if genres[0].score >= threshold else None)


def test_a_score_that_is_not_a_number_is_never_sure() -> None:
    genres = (ScoredGenre("Metal", float("nan")), ScoredGenre("Rock", float("nan")))
    assert choose(genres, FAMILIES, 0.0) is None
    assert choose((), FAMILIES, 0.0) is None


def test_of_equal_families_the_first_by_name_is_chosen() -> None:
    genres = ranked({"Rock": 0.25, "Metal": 0.25, "Latin": 0.25, "Reggae": 0.25})
    for families in (FAMILIES, FAMILIES[::-1]):
        best = best_family(genres, families)
        assert best and best.best == ScoredGenre("Rock", 0.5)


def test_a_family_has_the_genre_of_its_own_name_and_none_has_one_genre_alone() -> None:
    assert (
        Family("Rock", ("Metal", "Rock")),
        Family("Score", ("Classical", "Soundtrack")),
        Family("World", ("Latin", "Reggae")),
    ) == FAMILIES
