import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import toy_model
from fake_hub import FakeHub, serving

from genretag.errors import Code, UsageError
from genretag.inference import session, store

NOBODY_THERE = "http://127.0.0.1:9"


def test_the_bundled_model_is_found_by_name_and_loads(tmp_path: Path) -> None:
    path = store.locate(store.DEFAULT, tmp_path, tmp_path)
    assert session.load(path).manifest.name == store.DEFAULT


def test_a_file_is_found_by_its_path(tmp_path: Path) -> None:
    toy = toy_model.save(tmp_path / "toy.onnx")
    assert store.locate(str(toy), tmp_path, tmp_path) == toy


@pytest.mark.parametrize(
    "model",
    [
        "nonsense",
        "no/such/file.onnx",
        "",
        "hf:",
        "hf:alone",
        "hf:a/b/c",
        "hf:/b",
        "hf:a/",
        "x" * 300,
    ],
)
def test_what_names_no_model_is_refused(model: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        store.locate(model, tmp_path, tmp_path)
    assert caught.value.code is Code.UNKNOWN_MODEL


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeHub]:
    """A repository with a model, and another one under the tag v2."""
    with serving() as hub:
        for revision, name in (("main", "newest"), ("v2", "second")):
            manifest = replace(toy_model.MANIFEST, name=name)
            content = toy_model.save(tmp_path / "toy.onnx", manifest).read_bytes()
            hub.put("someone/genres", revision, {store.HUB_FILE: content})
        yield hub


def located(model: str, endpoint: str, cache: Path) -> dict[str, Any]:
    """Locate in a process of its own: the library reads its endpoint when it is imported."""
    code = (
        "import json, sys\nfrom pathlib import Path\n"
        "from genretag.errors import GenretagError\nfrom genretag.inference import store\n"
        "model, folder = sys.argv[1], Path(sys.argv[2])\n"
        "try: print(json.dumps({'path': str(store.locate(model, folder, folder))}))\n"
        "except GenretagError as e: print(json.dumps("
        "{'code': e.code, 'message': e.message, 'exit_code': e.exit_code}))"
    )
    own = {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(cache / "home"),
           "HF_HUB_DOWNLOAD_TIMEOUT": "20", "HF_HUB_ETAG_TIMEOUT": "20"}  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-c", code, model, str(cache)],
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.parametrize(
    ("model", "name"), [("hf:someone/genres", "newest"), ("hf:someone/genres@v2", "second")]
)
def test_the_revision_that_was_asked_for_comes_from_the_hub_and_is_kept_for_offline(
    hub: FakeHub, model: str, name: str, tmp_path: Path
) -> None:
    found = located(model, hub.url, tmp_path / "cache")
    assert session.load(Path(found["path"])).manifest.name == name
    again = located(model, NOBODY_THERE, tmp_path / "cache")
    assert again == found


def test_without_a_revision_the_newest_comes_each_time(hub: FakeHub, tmp_path: Path) -> None:
    first = located("hf:someone/genres", hub.url, tmp_path / "cache")
    newer = toy_model.save(tmp_path / "t.onnx", replace(toy_model.MANIFEST, name="newer"))
    hub.put("someone/genres", "main", {store.HUB_FILE: newer.read_bytes()})
    second = located("hf:someone/genres", hub.url, tmp_path / "cache")
    assert second != first
    assert session.load(Path(second["path"])).manifest.name == "newer"


@pytest.mark.parametrize("model", ["hf:someone/else", "hf:someone/genres@v9"])
def test_what_the_hub_does_not_have_is_told(hub: FakeHub, model: str, tmp_path: Path) -> None:
    found = located(model, hub.url, tmp_path / "cache")
    assert found["code"] == Code.MODEL_UNREACHABLE
    assert found["exit_code"] == 3
    assert "someone/" in found["message"]


def test_a_hub_that_does_not_answer_is_told(tmp_path: Path) -> None:
    found = located("hf:someone/genres", NOBODY_THERE, tmp_path / "cache")
    assert found["code"] == Code.MODEL_UNREACHABLE
    assert found["exit_code"] == 3


@pytest.mark.parametrize("repo", ["a/..", "some one/genres", "a/-b", "a/b.git"])
def test_a_name_that_no_repository_can_have_is_refused(repo: str, tmp_path: Path) -> None:
    found = located(f"hf:{repo}", NOBODY_THERE, tmp_path / "cache")
    assert found["code"] == Code.UNKNOWN_MODEL
    assert found["exit_code"] == 2
