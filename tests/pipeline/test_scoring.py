"""Windows of several files are scored at once, and a device that fails costs a word."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import toy_model
from audio_files import RECIPES, encode, noise, tone
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from genretag.domain.analysis import Analysis
from genretag.domain.outcome import Failed, Outcome, Skipped
from genretag.domain.prediction import Embeddings, Scores
from genretag.domain.selection import Selection
from genretag.domain.tagging import TagPolicy
from genretag.errors import Code
from genretag.executors.local import LocalExecutor
from genretag.inference import session
from genretag.inference.session import DeviceError, Model
from genretag.pipeline.analyse import analyse_safely
from genretag.pipeline.recall import PredictionCache
from genretag.pipeline.scan import plan_files, predict_files
from genretag.pipeline.score import BatchScorer
from genretag.pipeline.settings import AnalysisSettings


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_model.save(tmp_path_factory.mktemp("model") / "toy.onnx")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> list[Path | Outcome]:
    folder = tmp_path_factory.mktemp("music")
    recipe = RECIPES["FLAC"]
    sounds = {f"{hz}": tone(9.0, hz=hz) for hz in (150, 900, 2200, 6000)}
    sounds |= {"silence": 0 * tone(5.0), "noise": noise(4.0), "short": tone(0.3)}
    files = [encode(folder / f"{name}.flac", sound, recipe) for name, sound in sounds.items()]
    (folder / "broken.flac").write_bytes(b"fLaC rubbish")
    return [*files, folder / "broken.flac", Skipped(path=folder / "x", reason="by rule")]


def outcomes(
    files: list[Path | Outcome], toy: Path, batch: int | None, model: Model | None = None
) -> tuple[list[Outcome], list[str]]:
    warnings: list[str] = []
    settings = AnalysisSettings(toy, Selection(), batch=batch)
    loaded = model or session.load(toy, "cpu")
    predictions = PredictionCache.for_model(None, loaded, settings.coverage)
    with LocalExecutor(2, 60.0, "genretag.pipeline.analyse") as executor:
        found = predict_files(files, settings, predictions, executor, loaded, warnings.append)
        return list(plan_files(found, TagPolicy(threshold=0.3))), warnings


def scores_of(outcome: Outcome) -> dict[str, float]:
    heard = outcome.prediction
    return {genre.name: genre.score for genre in heard.genres} if heard else {}


def assert_same(some: list[Outcome], others: list[Outcome]) -> None:
    assert [type(one) for one in some] == [type(other) for other in others]
    for one, other in zip(some, others, strict=True):
        assert (one.path, one.after, one.reason) == (other.path, other.after, other.reason)
        scores = [
            {genre.name: genre.score for genre in found.prediction.genres}
            if found.prediction
            else {}
            for found in (one, other)
        ]
        assert scores[0] == pytest.approx(scores[1], abs=1e-5)


@pytest.mark.parametrize("batch", [1, 5, 1000])
def test_a_batch_over_several_files_gives_what_each_alone_gives(
    library: list[Path | Outcome], toy: Path, batch: int
) -> None:
    alone, _ = outcomes(library, toy, None)
    together, said = outcomes(library, toy, batch)
    assert_same(alone, together)
    assert not said


class Failing(Model):
    """A device that scores once and then has no memory left."""

    def predict_with_embeddings(
        self, windows: NDArray[np.float32], batch: int = 16
    ) -> tuple[Scores, Embeddings]:
        calls.append(len(windows))
        if len(calls) > 1:
            raise DeviceError("out of memory")
        return super().predict_with_embeddings(windows, batch)


calls: list[int] = []


def test_a_device_that_fails_is_left_with_one_word(
    library: list[Path | Outcome], toy: Path
) -> None:
    calls.clear()
    real = session.load(toy, "cpu")
    failing = Failing(real.manifest, real.digest, "cuda", real._open)
    found, said = outcomes(library, toy, 4, failing)
    assert_same(found, outcomes(library, toy, None)[0])
    assert len(said) == 1 and "cuda" in said[0] and "out of memory" in said[0]
    assert len(calls) == 2


def test_a_device_that_is_not_there_after_all_gives_way(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime says that it was built for CUDA, and then goes on with the CPU."""
    monkeypatch.setattr(
        onnxruntime, "get_available_providers",
        lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
    )  # fmt: skip
    assert session.list_devices() == ["cuda", "cpu"]
    for wished in ("auto", "cuda"):
        said: list[str] = []
        assert session.load(toy, wished, said.append).device == "cpu"
        assert len(said) == 1 and "cuda" in said[0] and "doctor" in said[0]


def test_workers_leave_a_device_that_scores_batches_to_one_process() -> None:
    gpu = AnalysisSettings(Path("m"), Selection(), device="cuda", batch=64)
    whole = replace(gpu, coverage="full")
    assert (gpu.worker_device, whole.worker_device) == ("cpu", "cpu")
    assert gpu.scores_in_parent and not whole.scores_in_parent
    assert replace(gpu, batch=None).worker_device == "cuda"


def unscored(name: str, windows: NDArray[np.float32]) -> Analysis:
    return Analysis(Path(name), windows=windows, duration_s=1.0)


def scored(name: str) -> Analysis:
    return Analysis(Path(name), outcome=Skipped(path=Path(name), reason="r"))


def test_what_needs_no_score_does_not_wait_for_long_behind_what_does() -> None:
    model = Model(toy_model.MANIFEST, "d" * 64, "cpu", None)  # type: ignore[arg-type]
    settings = AnalysisSettings(Path("m"), Selection(), batch=64)
    given = 0

    def analyses() -> Iterator[Analysis]:
        nonlocal given
        yield unscored("a", np.zeros((0, 5, 48), "f4"))
        while True:
            given += 1
            yield scored(str(given))

    next(BatchScorer(model, settings, lambda message: None).score(analyses()))
    assert given < 64


@given(st.lists(st.integers(0, 4), max_size=12), st.integers(1, 6))
def test_files_keep_their_order_whatever_the_batch(counts: list[int], batch: int) -> None:
    shape = (toy_model.MANIFEST.front_end.n_mels,)
    rng = np.random.default_rng(0)

    class Counting(Model):
        def predict_with_embeddings(
            self, windows: NDArray[np.float32], batch: int = 16
        ) -> tuple[Scores, Embeddings]:
            return windows[:, 0, :3], windows[:, 0]

    model = Counting(toy_model.MANIFEST, "d" * 64, "cpu", None)  # type: ignore[arg-type]
    analyses = [
        scored(str(n))
        if count == 4
        else unscored(str(n), rng.random((count, 5, *shape), dtype=np.float32))
        for n, count in enumerate(counts)
    ]
    settings = AnalysisSettings(Path("m"), Selection(), batch=batch)
    results = list(BatchScorer(model, settings, lambda message: None).score(iter(analyses)))
    assert [result.path.name for result in results] == [str(n) for n in range(len(counts))]
    for analysis, result in zip(analyses, results, strict=True):
        assert result.windows is None
        if analysis.windows is not None:
            assert result.prediction
            assert result.prediction.windows == len(analysis.windows)
            if len(analysis.windows):
                best = analysis.windows[:, 0, :3].mean(axis=0, dtype=np.float64).max()
                assert result.prediction.genres[0].score == pytest.approx(best)


def test_a_file_for_which_a_worker_has_no_memory_fails_alone_and_is_no_mistake(
    library: list[Path | Outcome], toy: Path
) -> None:
    calls[:] = [1]
    real = session.load(toy, "cpu")
    failing = Failing(real.manifest, real.digest, "cpu", real._open)
    settings = AnalysisSettings(toy, Selection())
    path = next(file for file in library if isinstance(file, Path))
    predictions = PredictionCache.for_model(None, real, settings.coverage)
    outcome = analyse_safely(path, failing, settings, predictions).outcome
    assert isinstance(outcome, Failed)
    assert outcome.error.code is Code.OUT_OF_MEMORY
