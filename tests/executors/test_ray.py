"""A Ray cluster hears what one machine hears, and survives the loss of a machine."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import toy_model
from audio_files import RECIPES, encode, tone

from genretag.domain.outcome import Failed, Outcome, Skipped
from genretag.domain.selection import Selection
from genretag.domain.tagging import TagPolicy
from genretag.errors import Code, RunError
from genretag.executors.base import Executor
from genretag.executors.local import LocalExecutor
from genretag.executors.ray import RayExecutor
from genretag.inference import session
from genretag.pipeline.recall import PredictionCache
from genretag.pipeline.scan import plan_files, predict_files
from genretag.pipeline.settings import AnalysisSettings

ray = pytest.importorskip("ray")
from ray.cluster_utils import Cluster  # noqa: E402

FILES = 60


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_model.save(tmp_path_factory.mktemp("model") / "toy.onnx")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> list[Path | Outcome]:
    folder = tmp_path_factory.mktemp("music")
    songs = [
        encode(folder / f"{hz}.flac", tone(9.0, hz=hz), RECIPES["FLAC"]) for hz in (150, 2200, 6000)
    ]
    files: list[Path | Outcome] = [
        Path(shutil.copyfile(songs[n % 3], folder / f"{n:03}.flac")) for n in range(FILES)
    ]
    (folder / "broken.flac").write_bytes(b"fLaC rubbish")
    return [*files, folder / "broken.flac", Skipped(path=folder / "x", reason="by rule")]


@pytest.fixture
def two_machines() -> Iterator[Cluster]:
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    found.add_node(num_cpus=1)
    found.wait_for_nodes()
    yield found
    ray.shutdown()
    found.shutdown()


def outcomes(
    files: list[Path | Outcome], toy: Path, executor: Executor, batch: int | None = None
) -> Iterator[Outcome]:
    settings = AnalysisSettings(toy, Selection(), batch=batch)
    model = session.load(toy, "cpu")
    predictions = PredictionCache.for_model(None, model, settings.coverage)
    with closing(predict_files(files, settings, predictions, executor, model, print)) as analyses:
        yield from plan_files(analyses, TagPolicy(threshold=0.3))


def here(jobs: int) -> LocalExecutor:
    return LocalExecutor(jobs, 60.0, "genretag.pipeline.analyse")


@pytest.mark.parametrize("batch", [None, 16])
def test_a_machine_that_is_lost_costs_nothing(
    library: list[Path | Outcome], toy: Path, two_machines: Cluster, batch: int | None
) -> None:
    with here(2) as executor:
        local = list(outcomes(library, toy, executor, batch))
    cluster = RayExecutor(two_machines.address, 120.0)
    spread = []
    for outcome in outcomes(library, toy, cluster, batch):
        spread.append(outcome)
        if len(spread) == 6:
            (other,) = two_machines.worker_nodes
            two_machines.remove_node(other, allow_graceful=False)
    assert [one.path for one in spread] == [one.path for one in local]
    assert [type(one) for one in spread] == [type(one) for one in local]
    assert [one.after for one in spread] == [one.after for one in local]


def test_paths_are_told_as_they_were_given(
    library: list[Path | Outcome], toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = next(file.parent for file in library if isinstance(file, Path))
    monkeypatch.chdir(folder)
    relative = [Path("000.flac"), Path("broken.flac"), Path("absent.flac"), library[1]]
    with here(1) as executor:
        local = list(outcomes(relative, toy, executor))
    spread = list(outcomes(relative, toy, RayExecutor(None, 120.0)))
    assert [one.path for one in spread] == [one.path for one in local] == relative
    assert [type(one) for one in spread] == [type(one) for one in local]
    failed = [one.error.message for one in spread if isinstance(one, Failed)]
    assert failed == [one.error.message for one in local if isinstance(one, Failed)]
    assert len(failed) == 2 and not any(str(folder) in message for message in failed)


def test_a_cluster_that_is_not_there_is_told_so(toy: Path, library: list[Path | Outcome]) -> None:
    with pytest.raises(RunError) as caught:
        list(outcomes(library, toy, RayExecutor("auto", 1.0)))
    assert caught.value.code == Code.CLUSTER_UNREACHABLE
