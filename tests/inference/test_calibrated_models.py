"""A calibration is the last step of a model: what the cache keeps goes without it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_model

from genretag.domain.calibration import Calibration, calibrate_scores
from genretag.domain.manifest import BaseModel
from genretag.domain.prediction import Prediction, rank_genres
from genretag.inference import session
from genretag.inference.learned import save_learned
from genretag.inference.model import DeviceError, Model

OFFSET = -3.0


@pytest.fixture
def raw(tmp_path: Path) -> Model:
    return session.load(toy_model.save(tmp_path / "toy.onnx", toy_model.MULTILABEL, OFFSET), "cpu")


@pytest.fixture
def calibration(raw: Model) -> Calibration:
    return Calibration(raw.digest, 2.0, 3.0, 0.71, 0.9, 240, 31)


def predicted(model: Model) -> Prediction:
    scores = np.array([0.3, 0.2, 0.9])
    genres = rank_genres(toy_model.GENRES, scores)
    return Prediction(genres, 4, 60.0, model.identity)


def test_a_model_says_whether_its_scores_are_calibrated(raw: Model) -> None:
    assert not raw.rescore(predicted(raw)).is_calibrated
    assert raw.rescore(predicted(raw)).genres == predicted(raw).genres


def test_it_changes_the_scores_of_tracks_and_the_manifest_in_use(
    raw: Model, calibration: Calibration
) -> None:
    model = raw.calibrate(calibration)
    found = model.rescore(predicted(raw))
    before = predicted(raw).genres
    assert [one.name for one in found.genres] == [one.name for one in before]
    expected = calibrate_scores(np.array([one.score for one in before]), "sigmoid", 2.0, 3.0)
    assert [one.score for one in found.genres] == pytest.approx(expected.tolist())
    assert found.is_calibrated and model.manifest.is_calibrated
    assert (model.manifest.threshold, model.manifest.unit_threshold) == (0.71, 0.71)
    assert (model.digest, model.identity) == (raw.digest, raw.identity)


def test_what_the_cache_keeps_and_workers_load_is_the_raw_model(
    raw: Model, calibration: Calibration
) -> None:
    model = raw.calibrate(calibration)
    assert model.raw.manifest == raw.manifest
    assert model.raw.rescore(predicted(raw)).genres == predicted(raw).genres
    assert model.calibrate(calibration).raw.manifest == raw.manifest
    frames = 1 + round(2.0 * 22050) // 512
    windows = np.random.default_rng(0).random((2, frames, 48)).astype(np.float32)
    assert model.score(windows) == pytest.approx(raw.score(windows))


def test_a_silent_track_stays_without_genres(raw: Model, calibration: Calibration) -> None:
    silence = Prediction((), 0, 60.0, raw.identity)
    assert raw.calibrate(calibration).rescore(silence).genres == ()


def test_what_was_measured_on_other_scores_holds_no_longer(tmp_path: Path) -> None:
    masses = tuple(n / 100 for n in range(1, 100))
    shared = replace(
        toy_model.MANIFEST, is_calibrated=False, set_masses=masses, pooling=toy_model.POOLING
    )
    raw = session.load(toy_model.save(tmp_path / "shared.onnx", shared), "cpu")
    model = raw.calibrate(Calibration(raw.digest, 0.5, 0.0, 0.6, 0.9, 240, 31))
    assert (model.manifest.set_masses, model.manifest.pooling) == ((), None)


def test_after_a_device_has_failed_it_is_calibrated_as_before(
    raw: Model, calibration: Calibration, tmp_path: Path
) -> None:
    failed = replace(raw.calibrate(calibration), device="cuda")
    warnings: list[str] = []
    again = session.reload_on_cpu(failed, tmp_path / "toy.onnx", DeviceError("x"), warnings.append)
    assert again.calibration == calibration
    assert again.rescore(predicted(raw)) == failed.rescore(predicted(raw))
    assert len(warnings) == 1


def test_the_base_of_a_learned_model_is_calibrated_and_the_head_as_it_was(
    raw: Model, calibration: Calibration, tmp_path: Path
) -> None:
    width = toy_model.MANIFEST.front_end.n_mels
    base = BaseModel(str(tmp_path / "toy.onnx"), raw.digest)
    manifest = replace(toy_model.MANIFEST, name="own", base=base, averaging="logits")
    file = tmp_path / "own.safetensors"
    save_learned(file, manifest, np.zeros((4, width)), np.zeros(4))
    learned = session.load(file, "cpu")
    model = learned.calibrate(calibration)
    assert model.manifest == learned.manifest
    assert model.base.calibration == calibration
    assert model.raw.manifest == raw.manifest
    embedded = replace(predicted(raw), embedding=np.zeros(width, np.float16))
    assert model.rescore(embedded) == learned.rescore(embedded)
    assert model.rescore(embedded).is_calibrated
    assert model.base.rescore(embedded).genres[0].score > 0.9
