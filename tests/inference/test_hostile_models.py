"""Files of hostile publishers are refused with a reason, soon, and leave nothing behind."""

import json
import os
import pickle
import resource
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hostile_files as hostile
import numpy as np
import onnx
import published_models as published
import pytest
from hostile_files import Graph

from genretag.domain.licence import is_non_commercial
from genretag.errors import Code, GenretagError
from genretag.inference import model as inference_model
from genretag.inference.importing.build import PublishedModel, build_model
from genretag.inference.session import load
from genretag.pipeline.import_model import SelfCheck, import_model
from genretag.pipeline.load_model import load_model

LONGEST_MESSAGE = 600
MOST_BYTES = 3 << 30
"""Of the memory of the process that reads a small model: its limit is 2 GB above its start."""


def save(folder: Path, graph: Graph | bytes, entries: bytes | None = None) -> Path:
    file = folder / "styles.onnx"
    file.write_bytes(graph if isinstance(graph, bytes) else graph.SerializeToString())
    file.with_suffix(".json").write_bytes(
        json.dumps(hostile.entries()).encode() if entries is None else entries
    )
    return file


def build(file: Path) -> None:
    files = PublishedModel(file, file.with_suffix(".json"))
    build_model(files, "styles", "MIT", {}, file.with_name("built.onnx"))


def refused(act: Callable[[], Any]) -> GenretagError:
    """What is raised; its message is one short line that may stand in any terminal."""
    with pytest.raises(GenretagError) as caught:
        act()
    error = caught.value
    assert error.exit_code in (2, 3)
    assert error.message.isprintable() and len(error.message) < LONGEST_MESSAGE
    return error


def try_to_import(file: Path, timeout_s: float = 60.0) -> SelfCheck:
    files = PublishedModel(file, file.with_suffix(".json"))
    place = file.parent / "data" / "models" / "styles.onnx"
    try:
        return import_model(files, "styles", "MIT", {}, place, timeout_s)
    finally:
        assert [path.name for path in place.parent.iterdir()] in ([], [place.name])


@pytest.mark.parametrize("name", hostile.REFUSED_GRAPHS)
def test_a_graph_that_is_not_what_it_must_be_is_refused_before_it_runs(
    name: str, tmp_path: Path
) -> None:
    file = save(tmp_path, hostile.REFUSED_GRAPHS[name]())
    assert refused(lambda: build(file)).code == Code.MODEL_INVALID
    assert sorted(path.name for path in tmp_path.iterdir()) == ["styles.json", "styles.onnx"]


@pytest.mark.parametrize("name", [b"melspectrogram", b"activations", b"MatMul", b"weight_1"])
def test_a_name_that_is_no_text_is_refused(name: bytes, tmp_path: Path) -> None:
    content = published.small().SerializeToString()
    assert name in content
    file = save(tmp_path, content.replace(name, b"\xff" * len(name)))
    assert "no text" in refused(lambda: build(file)).message


@pytest.mark.parametrize("name", hostile.LARGE)
def test_a_graph_with_too_many_parts_is_refused_soon(name: str, tmp_path: Path) -> None:
    file = save(tmp_path, hostile.LARGE[name]())
    began = time.process_time()
    refused(lambda: build(file))
    assert time.process_time() - began < 10


@pytest.mark.parametrize("name", hostile.REFUSED_METADATA)
def test_metadata_that_lie_are_refused(name: str, tmp_path: Path) -> None:
    file = save(tmp_path, published.small(), hostile.REFUSED_METADATA[name]())
    began = time.process_time()
    code = refused(lambda: build(file)).code
    assert code in (Code.BAD_METADATA, Code.UNKNOWN_ALGORITHM, Code.MODEL_INVALID)
    assert time.process_time() - began < 10


def _pickle() -> bytes:
    class Evil:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
            return os.mkdir, ("owned",)

    return pickle.dumps(Evil())


NO_ONNX = {
    "nothing": lambda: b"",
    "a pickle": _pickle,
    "a text": lambda: b"import os; os.mkdir('owned')\n" * 100,
    "zeros": lambda: bytes(10**6),
    "ones": lambda: b"\xff" * 10**6,
    "a graph of TensorFlow": lambda: (
        b"\x0a\x1f\x0a\x05x\x12\x0bPlaceholder*\x0b\x0a\x05dtype\x12\x02\x30\x01" * 50
    ),
    "metadata": lambda: json.dumps(hostile.entries()).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_ONNX)
def test_what_is_no_onnx_is_refused_and_never_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = save(tmp_path, NO_ONNX[name]())
    assert refused(lambda: build(file)).code == Code.MODEL_INVALID
    assert not Path("owned").exists()


def test_an_archive_as_torch_saves_it_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path, b"")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", _pickle())
    assert refused(lambda: build(file)).code == Code.MODEL_INVALID


def test_a_file_that_ends_too_soon_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    whole = published.small().SerializeToString()
    for end in (*range(0, len(whole), 97), len(whole) - 1):
        file = save(tmp_path, whole[:end])
        assert refused(lambda file=file: build(file)).code == Code.MODEL_INVALID, end


@pytest.mark.parametrize("kind", ["pipe", "zeros", "folder", "circle", "nothing"])
@pytest.mark.parametrize("suffix", [".onnx", ".json"])
def test_what_is_no_file_is_not_waited_for(kind: str, suffix: str, tmp_path: Path) -> None:
    file = save(tmp_path, published.small())
    hostile.replace_by(kind, file.with_suffix(suffix))
    if suffix == ".onnx":
        assert refused(lambda: try_to_import(file)).code == Code.UNKNOWN_MODEL
    else:
        assert refused(lambda: build(file)).code == Code.BAD_METADATA


@pytest.mark.parametrize("name", [*hostile.LYING, *hostile.BOMBS])
def test_a_graph_that_cannot_score_in_bounds_is_refused_and_leaves_nothing(
    name: str, tmp_path: Path
) -> None:
    file = save(tmp_path, (hostile.LYING | hostile.BOMBS)[name]())
    began = time.monotonic()
    error = refused(lambda: try_to_import(file, timeout_s=10.0))
    assert error.code == Code.MODEL_INVALID and "styles.onnx." not in error.message
    assert time.monotonic() - began < 20
    assert not list((tmp_path / "data" / "models").iterdir())
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10 < MOST_BYTES


def test_a_loop_without_end_is_given_up(tmp_path: Path) -> None:
    file = save(tmp_path, hostile.loop(None))
    assert "more than 3 s" in refused(lambda: try_to_import(file, timeout_s=3.0)).message


@pytest.mark.parametrize("name", hostile.ODD)
def test_an_odd_graph_scores_or_is_refused(name: str, tmp_path: Path) -> None:
    file = save(tmp_path, hostile.ODD[name]())
    try:
        check = try_to_import(file)
    except GenretagError as error:
        assert error.code == Code.MODEL_INVALID
    else:
        assert all(0 <= one.score <= 1 for one in check.scores)


def test_what_a_file_says_of_itself_is_not_kept(tmp_path: Path) -> None:
    graph = hostile.claiming_to_be_ours()
    graph.doc_string = graph.graph.doc_string = "secret"
    graph.producer_name = "secret"
    training = graph.training_info.add()
    training.algorithm.CopyFrom(graph.graph)
    file = save(tmp_path, graph)
    files = PublishedModel(file, file.with_suffix(".json"))
    build_model(files, "ours", "CC BY-NC 4.0", {}, file.with_name("built.onnx"))
    model = load(file.with_name("built.onnx"), "cpu")
    assert (model.manifest.name, model.manifest.licence) == ("ours", "CC BY-NC 4.0")
    kept = onnx.load(file.with_name("built.onnx"))
    assert not kept.training_info and b"secret" not in kept.SerializeToString()


def ours(tmp_path: Path, graph: Graph | None = None, **entries: Any) -> Path:
    """A model of genretag whose graph or manifest somebody has changed."""
    file = save(tmp_path, graph or published.small())
    built = tmp_path / "built.onnx"
    build(file)
    if entries:
        content = onnx.load(built)
        manifest = json.loads(content.metadata_props[0].value)
        content.metadata_props[0].value = json.dumps(manifest | entries)
        built.write_bytes(content.SerializeToString())
    return built


@pytest.mark.parametrize("name", hostile.BOMBS)
def test_a_bomb_with_a_manifest_is_refused_when_it_is_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference_model, "LONGEST_RUN_S", 5.0)
    file = ours(tmp_path, hostile.BOMBS[name]())
    before = resource.getrlimit(resource.RLIMIT_DATA)
    began = time.monotonic()
    assert refused(lambda: load_model(file, "cpu")).code == Code.MODEL_INVALID
    assert time.monotonic() - began < 20
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_a_loop_without_end_ends_when_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference_model, "LONGEST_RUN_S", 1.0)
    assert refused(lambda: load_model(ours(tmp_path, hostile.loop(None)), "cpu"))


@pytest.mark.parametrize(
    "entries",
    [
        {"window": {"length_s": 1e9}},
        {"window": {"length_s": 2.0, "balanced": 10**9}},
        {"window": {"length_s": float("nan")}},
        {"genres": [f"Style {n}" for n in range(10)], "parents": {}},
        {"genres": ["\x1b[2JRock", *(f"Style {n}" for n in range(7))], "parents": {}},
        {"name": "x" * 10**6},
        {"licence": ["MIT"]},
        {"schema": 10**400},
        {"source": ["a"]},
        {"source": {"a": 1}},
        {"calibration": {"temperature": float("nan"), "threshold": 0.5}},
        {"calibration": {"temperature": 1e-300, "threshold": 0.5}},
        {"calibration": {"temperature": 10**400, "threshold": 0.5}},
        {"calibration": {"temperature": 1, "threshold": 10**400}},
        {"calibration": {"temperature": 1, "threshold": float("nan")}},
        {"calibration": {"temperature": 1, "threshold": 0.5, "set_masses": [float("nan")] * 99}},
    ],
    ids=lambda entries: str(entries)[:60],
)
def test_a_manifest_that_asks_too_much_is_refused(entries: Any, tmp_path: Path) -> None:
    file = ours(tmp_path, **entries)
    assert refused(lambda: load_model(file, "cpu")).code == Code.MODEL_INVALID


def test_scores_that_are_no_numbers_never_leave_a_model(tmp_path: Path) -> None:
    model = load(ours(tmp_path, hostile.LYING["no numbers for loud music alone"]()), "cpu")
    quiet = np.zeros((1, 128, 96), np.float32)
    assert np.isfinite(model.score(quiet)).all()
    with pytest.raises(inference_model.DeviceError, match="not finite"):
        model.score(quiet + 4)


@pytest.mark.parametrize(
    "licence",
    ["CC BY‑NC‑SA 4.0", "cc_by_nc_sa", "ＣＣ ＢＹ－ＮＣ", "CC BY-N\u200bC", "CC BY-N\u0421",  # noqa: RUF001
     "by-nc4.0", "Non\u2011Commercial", "No commercial use", "for research purposes only"],
)  # fmt: skip
def test_odd_spelling_hides_no_licence(licence: str) -> None:
    assert is_non_commercial(licence)


@pytest.mark.parametrize(
    "licence",
    ["MIT", "Apache-2.0", "CC BY-SA 4.0", "CC0-1.0", "NCSA", "AGPL-3.0", "Licence d’été"],  # noqa: RUF001
)
def test_free_licences_need_no_answer(licence: str) -> None:
    assert not is_non_commercial(licence)
