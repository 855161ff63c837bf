"""A Ray cluster hears what one machine hears, and survives the loss of a machine."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import toy_model
from audio_files import RECIPES, encode, tone

from genretag.domain.outcome import Failed, Outcome, Skipped
from genretag.domain.tagging import TagPolicy
from genretag.errors import Code, RunError
from genretag.inference import session
from genretag.pipeline import cluster, workers
from genretag.pipeline.analysis import Memory, ScanSettings
from genretag.pipeline.pool import Pool
from genretag.pipeline.scan import Engine, scan

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
    files: list[Path | Outcome], toy: Path, engine: Engine, batch: int | None = None
) -> Iterator[Outcome]:
    settings = ScanSettings(toy, TagPolicy(threshold=0.3), batch=batch)
    model = session.load(toy, "cpu")
    memory = Memory(None, settings, model.digest)
    with closing(scan(files, settings, memory, engine, model, print)) as found:
        yield from found


@pytest.mark.parametrize("batch", [None, 16])
def test_a_machine_that_is_lost_costs_nothing(
    library: list[Path | Outcome], toy: Path, two_machines: Cluster, batch: int | None
) -> None:
    with closing(Pool(2)) as pool:
        here = partial(workers.local, pool=pool, timeout_s=60.0)
        local = list(outcomes(library, toy, here, batch))
    engine = partial(cluster.spread, address=two_machines.address, timeout_s=120.0)
    spread = []
    for outcome in outcomes(library, toy, engine, batch):
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
    with closing(Pool(1)) as pool:
        here = list(outcomes(relative, toy, partial(workers.local, pool=pool, timeout_s=60.0)))
    engine = partial(cluster.spread, address=None, timeout_s=120.0)
    spread = list(outcomes(relative, toy, engine))
    assert [one.path for one in spread] == [one.path for one in here] == relative
    assert [type(one) for one in spread] == [type(one) for one in here]
    failed = [one.error.message for one in spread if isinstance(one, Failed)]
    assert failed == [one.error.message for one in here if isinstance(one, Failed)]
    assert len(failed) == 2 and not any(str(folder) in message for message in failed)


def test_a_cluster_that_is_not_there_is_told_so(toy: Path, library: list[Path | Outcome]) -> None:
    engine = partial(cluster.spread, address="auto", timeout_s=1.0)
    with pytest.raises(RunError) as caught:
        list(outcomes(library, toy, engine))
    assert caught.value.code == Code.CLUSTER_UNREACHABLE
