"""A calibration is fitted to what the model itself says of files that a person tagged."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_model

from genretag.domain.analysis import Analysis
from genretag.domain.calibration import calibrate_scores
from genretag.domain.genre import GenreVocabulary
from genretag.domain.genre_map import GenreMap
from genretag.domain.prediction import Prediction, rank_genres
from genretag.domain.track import Track
from genretag.domain.truth import GenreClasses
from genretag.errors import Code, RunError
from genretag.inference import session
from genretag.inference.model import Model
from genretag.library import maps
from genretag.pipeline.calibrate import CalibrationFiles, can_calibrate
from genretag.pipeline.evaluate import EvaluationSettings

STYLES = ("House", "Shoegaze", "Hard Bop")
MANIFEST = replace(toy_model.MULTILABEL, genres=GenreVocabulary(STYLES, aliases={"Haus": "House"}))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("model")
    return session.load(toy_model.save(folder / "styles.onnx", MANIFEST), "cpu")


def question(written: dict[Path, tuple[str, ...]] | None = None, **map_: Any) -> EvaluationSettings:
    names = GenreMap(**map_)
    classes = GenreClasses(MANIFEST.genres, names, maps.extend_taxonomy(names))
    return EvaluationSettings(classes, "styles@0", 0.5, 0.9, written or {})


def analysis(n: int, *genres: str, **scores: float) -> Analysis:
    path = Path(f"/m/{n}.flac")
    row = np.array([scores.get(name.replace(" ", "_"), 0.01) for name in STYLES])
    prediction = Prediction(rank_genres(STYLES, row), 4, 60.0, "styles@0")
    return Analysis(path, Track(path, "FLAC", genres, artist=f"Artist {n % 12}"), prediction)


def library(*names: str) -> list[Analysis]:
    """Return 120 tracks of an artist in twelve: those that score high are right."""
    rng = np.random.default_rng(0)
    found = []
    for n in range(120):
        score = float(rng.uniform(0.05, 0.5))
        is_right = rng.random() < (0.97 if score > 0.25 else 0.2)
        found.append(analysis(n, names[n % len(names)] if is_right else "Hard Bop", House=score))
    return found


def fitted(model: Model, analyses: list[Analysis], asked: EvaluationSettings) -> Any:
    files = CalibrationFiles(asked)
    assert list(files.watch(analyses)) == analyses
    return files.calibrate(model, 0.8)


def test_a_genre_is_right_by_any_of_its_names(model: Model) -> None:
    same = fitted(model, library("House"), question())
    assert fitted(model, library("house", "Haus", "Deep House"), question()) == same
    assert same.sha256 == model.digest
    assert (same.files, same.artists, same.precision) == (120, 12, 0.8)


def test_what_was_calibrated_before_is_fitted_from_the_start(model: Model) -> None:
    raw = library("House")
    first = fitted(model, raw, question())
    calibrated = model.calibrate(first)
    again = [
        replace(one, prediction=calibrated.rescore(one.prediction), raw_prediction=one.prediction)
        for one in raw
        if one.prediction
    ]
    assert fitted(calibrated, again, question()) == first
    best = np.array([one.prediction.genres[0].score for one in raw if one.prediction])
    assert [one.prediction.genres[0].score for one in again] == pytest.approx(
        calibrate_scores(best, "sigmoid", first.scale, first.bias).tolist()
    )


def refused(model: Model, analyses: list[Analysis], asked: EvaluationSettings) -> str:
    with pytest.raises(RunError) as caught:
        fitted(model, analyses, asked)
    assert caught.value.code == Code.NO_THRESHOLD
    assert caught.value.message.startswith("No calibration was saved: ")
    return caught.value.message


def test_files_that_prove_nothing_do_not_count(model: Model) -> None:
    every = library("House")
    assert "no file has a genre" in refused(model, [], question())
    untagged = [replace(one, track=replace(one.track, genres=())) for one in every if one.track]
    assert "no file has a genre" in refused(model, untagged, question())
    own = {one.path: one.track.genres for one in every if one.track}
    assert "no file has a genre" in refused(model, every, question(own))
    strange = [analysis(n, "Polka", House=0.3) for n in range(120)]
    assert "no file has a genre" in refused(model, strange, question())
    dropped = question(drop=frozenset({"House"}))
    assert "no file has a genre" in refused(model, every, dropped)


def test_scores_that_fall_where_they_are_right_are_refused(model: Model) -> None:
    rng = np.random.default_rng(0)
    against = [
        analysis(n, "House" if score < 0.2 else "Hard Bop", House=score)
        for n, score in enumerate(rng.uniform(0.05, 0.5, 120).tolist())
    ]
    assert refused(model, against, question())


def test_a_model_that_is_calibrated_by_itself_is_none_for_it(model: Model, tmp_path: Path) -> None:
    assert can_calibrate(model)
    assert can_calibrate(model.calibrate(fitted(model, library("House"), question())))
    bundled = session.load(toy_model.save(tmp_path / "toy.onnx"), "cpu")
    assert not can_calibrate(bundled)
