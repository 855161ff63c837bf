"""Outcomes become numbers: what is compared, what is not, and why."""

from pathlib import Path

import pytest

from genretag.domain.genre import GenreVocabulary
from genretag.domain.genre_map import GenreMap
from genretag.domain.metrics import Acceptance
from genretag.domain.outcome import Failed, Outcome, Skipped, Unchanged
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.truth import GenreClasses
from genretag.errors import Code, FileError
from genretag.pipeline.evaluate import EvaluationSettings, evaluate_outcomes

NAMES = ("Rock", "Pop", "Spoken")
PATH = Path("/music/a.flac")


def heard(**scores: float) -> Prediction:
    best_first = sorted(scores.items(), key=lambda item: -item[1])
    return Prediction(tuple(ScoredGenre(*one) for one in best_first), 1, 30.0, "toy@0")


def file(*genres: str, **scores: float) -> Outcome:
    scores = {"Rock": 0.0, "Pop": 0.0, "Spoken": 0.0} | scores
    return Unchanged(path=PATH, before=genres, after=genres, prediction=heard(**scores))


def question(precision: float = 0.9, **entries: object) -> EvaluationSettings:
    classes = GenreClasses(GenreVocabulary(NAMES), GenreMap(**entries))  # type: ignore[arg-type]
    return EvaluationSettings(classes, "toy@0", 0.8, precision)


def test_every_file_is_counted_once_with_its_reason() -> None:
    silent = Unchanged(path=PATH, before=("Rock",), prediction=Prediction((), 0, 3.0, "toy@0"))
    error = FileError(Code.UNDECODABLE, "broken", "Mend it.")
    counts = evaluate_outcomes(
        [
            file("Rock", Rock=0.9, Pop=0.1),
            file("rock", Pop=0.6, Rock=0.4),
            file("Polka", Rock=0.9),
            file("Spoken", Rock=0.9),
            file("Pop", Spoken=0.9),
            Unchanged(path=PATH, reason="has no genre"),
            silent,
            Skipped(path=PATH, reason="not audio"),
            Failed(path=PATH, error=error),
        ],
        question(drop=frozenset({"Spoken"})),
    ).counts
    assert vars(counts) == {
        "compared": 2, "untagged": 1, "own": 0, "unmapped": 1, "dropped": 2, "silent": 1,
        "skipped": 1, "failed": 1,
    }  # fmt: skip


def test_the_numbers_are_those_of_pencil_and_paper() -> None:
    grades = evaluate_outcomes(
        [
            file("Rock", Rock=0.95, Pop=0.05),
            file("Rock", Rock=0.85, Pop=0.15),
            file("Rock", "Pop", Pop=0.75, Rock=0.25),
            file("Pop", Pop=0.65, Rock=0.35),
        ],
        question(),
    ).metrics
    assert grades is not None
    assert (grades.accuracy.value, grades.accuracy_any.value) == (0.75, 1.0)
    assert grades.confusion.tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert grades.f1_macro.value == pytest.approx((0.8 + 2 / 3) / 2)
    assert grades.ece == pytest.approx((0.05 + 0.15 + 0.75 + 0.35) / 4)
    assert grades.mean_score == pytest.approx(0.8)
    assert (grades.at_model_threshold.files, grades.at_model_threshold.precision.value) == (2, 1.0)
    assert grades.coverage[-1] == Acceptance(0.65, 1.0, 0.75)


def test_merged_genres_go_by_the_best_of_them_as_scan_does() -> None:
    outcome = file("Guitars", Rock=0.3, Pop=0.31, Spoken=0.39)
    grades = evaluate_outcomes(
        [outcome], question(rename={"Rock": "Guitars", "Pop": "Guitars"})
    ).metrics
    assert grades is not None and grades.classes == ("Guitars", "Spoken")
    assert grades.confusion.tolist() == [[0, 1], [0, 0]]
    assert grades.mean_score == pytest.approx(0.39)


def test_a_threshold_is_found_where_enough_files_pass() -> None:
    right = [file("Rock", Rock=0.7) for _ in range(27)]
    wrong = [file("Pop", Rock=0.7) for _ in range(3)]
    doubtful = [file("Pop", Rock=0.5) for _ in range(5)]
    grades = evaluate_outcomes([*right, *wrong, *doubtful], question(0.9)).metrics
    assert grades is not None and grades.target.is_met
    found = grades.target.nearest
    assert (found.threshold, found.files, found.precision.value) == (0.51, 30, 0.9)
    assert found.coverage == pytest.approx(30 / 35)
    assert found.precision.low == pytest.approx(0.744, abs=1e-3)


@pytest.mark.parametrize(("files", "precision"), [(19, 0.9), (40, 0.99)])
def test_few_files_or_too_many_wrong_ones_give_no_threshold(files: int, precision: float) -> None:
    outcomes = [file("Rock" if n % 20 else "Pop", Rock=0.9) for n in range(1, files + 1)]
    grades = evaluate_outcomes(outcomes, question(precision)).metrics
    assert grades is not None and not grades.target.is_met


def test_unknown_names_come_with_their_files_the_most_frequent_first() -> None:
    outcomes = [
        file("House", Pop=0.9),
        file("Indie  Rock", Pop=0.9),
        file("house", "Grime", Pop=0.8),
        file("HOUSE", Pop=0.7),
        file("Grime", "Rock", Rock=0.9),
    ]
    found = evaluate_outcomes(outcomes, question()).unmapped
    assert [(one.name, one.files, one.genre, one.reason) for one in found] == [
        ("House", 3, "Pop", "model"),
        ("Indie  Rock", 1, "Rock", "name"),
        ("Grime", 1, None, None),
    ]


def test_an_alias_makes_a_name_usable() -> None:
    outcomes = [file("House", Pop=0.9), file("House", Rock=0.9)]
    evaluation = evaluate_outcomes(outcomes, question(aliases={"house": "Pop"}))
    assert evaluation.metrics is not None and not evaluation.unmapped
    assert evaluation.metrics.accuracy.value == 0.5


@pytest.mark.parametrize("outcomes", [[], [file("Polka", Rock=0.9)]])
def test_without_a_known_genre_there_are_no_grades(outcomes: list[Outcome]) -> None:
    evaluation = evaluate_outcomes(outcomes, question())
    assert evaluation.metrics is None and evaluation.counts.compared == 0


def test_all_genres_of_the_model_can_be_dropped() -> None:
    evaluation = evaluate_outcomes([file("Rock", Rock=0.9)], question(drop=frozenset(NAMES)))
    assert evaluation.metrics is None and evaluation.counts.dropped == 1


FAMILIES = GenreVocabulary(NAMES, {"Rock": "Band Music", "Pop": "Band Music"})


def test_a_family_that_is_sure_where_no_genre_is_counts_as_right_for_all_its_genres() -> None:
    torn = {"Rock": 0.5, "Pop": 0.45, "Spoken": 0.05}
    outcomes = [
        *[file("Rock", **torn)] * 10,
        *[file("Pop", **torn)] * 10,
        *[file("Spoken", **torn)] * 2,
        *[file("Spoken", "band music", **torn)] * 2,
        *[file("Spoken", Spoken=0.9, Rock=0.1)] * 6,
    ]
    settings = EvaluationSettings(GenreClasses(FAMILIES, GenreMap()), "toy@0", 0.8, 0.9)
    grades = evaluate_outcomes(outcomes, settings).metrics
    assert grades
    own = grades.at_model_threshold
    assert (own.files, own.families) == (30, 24)
    assert own.precision.value == pytest.approx(28 / 30)
    assert grades.accuracy.value == pytest.approx(16 / 30)  # of single genres
    assert grades.target.is_met and grades.target.nearest.threshold == 0.51


def test_a_file_that_says_the_name_of_a_family_is_not_compared_and_the_name_is_known() -> None:
    settings = EvaluationSettings(GenreClasses(FAMILIES, GenreMap()), "toy@0", 0.8, 0.9)
    evaluation = evaluate_outcomes([file("Band Music", Rock=0.6, Pop=0.4)], settings)
    assert evaluation.counts.unmapped == 1
    assert evaluation.unmapped == () and evaluation.unmapped_scores == ()


def test_files_of_unknown_genres_count_where_a_family_would_be_written() -> None:
    settings = EvaluationSettings(GenreClasses(FAMILIES, GenreMap()), "toy@0", 0.8, 0.9)
    evaluation = evaluate_outcomes([file("Polka", Rock=0.5, Pop=0.4)], settings)
    assert evaluation.unmapped_scores == pytest.approx((0.9,))


def test_no_family_counts_where_each_genre_scores_by_itself() -> None:
    families = GenreVocabulary(NAMES, {"Pop": "Rock"})
    asked = EvaluationSettings(
        GenreClasses(families, GenreMap()), "toy@0", 0.8, 0.9, has_families=False
    )
    found = evaluate_outcomes([file("Rock", Rock=0.7, Pop=0.7), file("Polka", Rock=0.6)], asked)
    assert found.metrics is not None
    assert found.metrics.at_model_threshold.files == 0
    assert found.unmapped_scores == (0.6,)
