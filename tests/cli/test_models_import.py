"""`models import`, and what is done with a model that it made."""

import json
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import fake_hub
import published_models as published
import pytest
from audio_files import write_tone
from fake_hub import FakeHub

from genretag import tags

Run = Callable[..., "subprocess.CompletedProcess[str]"]
LICENCE = "CC BY-NC-SA 4.0"
REPO = "someone/styles"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    net = published.small(batch=64)
    return published.save(tmp_path / "published", "styles-1", net, published.metadata(net))


@pytest.fixture
def songs(music: Path) -> Path:
    """A folder of ten songs."""
    music.mkdir()
    for n in range(10):
        write_tone(music / f"{n}.flac", seconds=2.0 + 2 * n, hz=200.0 * (n + 1))
    return music


@pytest.fixture
def models(genretag: Run) -> Run:
    return lambda *arguments, **other: genretag("models", *arguments, **other)


def imported(models: Run, file: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    run = models("import", file, "--accept-licence", *arguments)
    assert run.returncode == 0, run.stderr
    return run


def rows(run: "subprocess.CompletedProcess[str]") -> list[dict[str, object]]:
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_a_published_model_is_imported_scanned_with_undone_and_removed(
    models: Run, genretag: Run, file: Path, songs: Path
) -> None:
    run = imported(models, file)
    for text in (sha256(file.read_bytes()).hexdigest(), "64 x 128 x 96", "10 classes"):
        assert text in run.stdout
    assert "styles-1 (imported)" in models("list").stdout
    shown = models("show", "styles-1").stdout
    for text in (LICENCE, "@article{nobody2026}", "https://example.org/model.onnx", "Nobody"):
        assert text in shown
    options = ("--model", "styles-1", "--threshold", "0.1", "--top-k", "3", "-j2")
    found = rows(genretag("scan", *options, "--format", "jsonl", songs))
    assert [row["status"] for row in found] == ["tagged"] * 10
    for row in found:
        assert len(row["after"]) == 3
        assert list(tags.read(Path(row["path"])).genres) == row["after"]
    assert found[-1]["windows"] == 8
    assert genretag("undo").returncode == 0
    assert not any(tags.read(song).genres for song in songs.iterdir())
    assert models("remove", "styles-1", "-y").returncode == 0
    assert genretag("scan", "-n", *options, songs).returncode == 2


def test_workers_and_one_process_score_alike(
    models: Run, genretag: Run, file: Path, songs: Path
) -> None:
    imported(models, file)
    own = ("--model", "styles-1", "--format", "jsonl")
    scanned = rows(genretag("scan", "-n", *own, "-j2", songs))
    looked_at = rows(genretag("inspect", *own, *[row["path"] for row in scanned]))
    for row, inspected in zip(scanned, looked_at, strict=True):
        scores = {one["name"]: one["score"] for one in inspected["genres"]}
        for one in row["genres"]:
            assert scores[one["name"]] == pytest.approx(one["score"], abs=1e-5)


def test_a_licence_that_forbids_commercial_use_must_be_accepted_once(
    models: Run, genretag: Run, file: Path, songs: Path, tmp_path: Path
) -> None:
    run = models("import", file)
    assert run.returncode == 2 and "licence-not-accepted" in run.stderr and LICENCE in run.stderr
    assert "imported" not in models("list").stdout
    run = imported(models, file)
    assert LICENCE in run.stderr
    assert LICENCE not in genretag("scan", "-n", "--model", "styles-1", songs).stderr
    # Somebody else, who has the file alone, has not accepted it.
    other = {"GENRETAG_DATA_DIR": str(tmp_path / "other")}
    mine = next(tmp_path.rglob("models/styles-1.onnx"))
    for command in (("scan", "-n", "--model", mine), ("inspect", "--model", mine)):
        run = genretag(*command, songs / "0.flac", **other)
        assert run.returncode == 2 and "licence-not-accepted" in run.stderr, command
    assert genretag("models", "show", mine, "--accept-licence", **other).returncode == 0
    assert genretag("scan", "-n", "--model", mine, songs, **other).returncode == 0


@pytest.mark.parametrize(
    ("stated", "given", "asks"),
    [("MIT", None, False), ("", "MIT", False), ("CC BY-NC 4.0", None, True), ("", None, True)],
)
def test_the_licence_is_that_of_the_json_or_the_given_one_or_else_essentias(
    models: Run, tmp_path: Path, stated: str, given: str | None, asks: bool
) -> None:
    net = published.small()
    file = published.save(tmp_path, "m", net, published.metadata(net, license=stated))
    run = models("import", file, *(["--licence", given] if given else []))
    assert (run.returncode == 2) is asks, run.stderr
    if not asks:
        assert "MIT" in models("show", "m").stdout


def test_a_head_is_imported_with_its_base(models: Run, file: Path, tmp_path: Path) -> None:
    head = published.head(classes=4)
    entries = published.metadata(head, ("a", "b", "c", "d"), "TensorflowPredict2D")
    other = published.save(tmp_path, "moods-1", head, entries)
    run = imported(models, file, "--head", str(other))
    assert "Imported moods-1 (4 genres)" in run.stdout
    run = models("import", file, "--head-metadata", "x.json")
    assert run.returncode == 2 and "--head" in run.stderr
    assert imported(models, file, "--head", str(other), "--name", "own").returncode == 0
    assert "own (imported)" in models("list").stdout


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub.serving() as served:
        yield served


def test_a_model_of_the_hub_is_imported_from_a_path_and_pinned(
    models: Run, hub: FakeHub, file: Path, tmp_path: Path
) -> None:
    commit = hub.put(REPO, "v1", {
        "onnx/styles.onnx": file.read_bytes(),
        "onnx/styles.json": file.with_suffix(".json").read_bytes(),
    })  # fmt: skip
    address, there = f"hf:{REPO}@v1:onnx/styles.onnx", hub.environment(tmp_path / "hf")
    digest = sha256(file.read_bytes()).hexdigest()
    run = models("import", address, "--accept-licence", "--sha256", "0" * 64, **there)
    assert run.returncode == 3 and "wrong-digest" in run.stderr
    assert "imported" not in models("list").stdout
    run = models("import", address, "--accept-licence", "--sha256", digest, **there)
    assert run.returncode == 0, run.stderr
    manifest = json.loads(models("show", "styles", "--format", "json").stdout)
    assert f"hf:{REPO}@{commit}:onnx/styles.onnx" in manifest["source"]["files"]
    assert manifest["source"]["SHA-256 of styles.onnx"] == digest
    run = models("import", f"hf:{REPO}:gone.onnx", **there)
    assert run.returncode == 3 and "gone.onnx" in run.stderr


def test_a_model_at_a_path_of_the_hub_is_pulled_and_scanned_with(
    models: Run, genretag: Run, hub: FakeHub, toy: Path, songs: Path, tmp_path: Path
) -> None:
    hub.put(REPO, "main", {"models/toy.onnx": toy.read_bytes()})
    address, there = f"hf:{REPO}:models/toy.onnx", hub.environment(tmp_path / "hf")
    assert models("pull", address, **there).returncode == 0
    assert address in models("list").stdout
    assert genretag("scan", "-n", "--model", address, songs, **there).returncode == 0
    assert models("remove", address, "-y", **there).returncode == 0


def test_names_of_other_models_are_not_taken(models: Run, file: Path) -> None:
    for name in ("genretag-musicnn", "a/b", ""):
        run = models("import", file, "--accept-licence", "--name", name)
        assert (run.returncode == 2) is bool(name), run.stderr
    imported(models, file, "--name", "again")
    imported(models, file, "--name", "again")


def test_the_metadata_must_be_there(models: Run, file: Path) -> None:
    file.with_suffix(".json").unlink()
    run = models("import", file)
    assert run.returncode == 2 and "bad-metadata" in run.stderr and "--metadata" in run.stderr


def test_what_is_no_onnx_file_is_named_before_its_metadata(models: Run, file: Path) -> None:
    gone, text = file.with_name("gone.onnx"), file.with_suffix(".json")
    for asked in ((gone,), (file, "--head", gone, "--head-metadata", text)):
        run = models("import", *asked)
        assert run.returncode == 2 and f"{gone}: no such file" in run.stderr
    for name in ("model.pb", "model.json", "model.onx"):
        run = models("import", file.with_name(name))
        assert run.returncode == 2 and name in run.stderr and "ends in .onnx" in run.stderr


def test_a_head_alone_is_told_what_it_needs(models: Run, tmp_path: Path) -> None:
    head = published.head(classes=4)
    entries = published.metadata(head, ("a", "b", "c", "d"), "TensorflowPredict2D")
    run = models("import", published.save(tmp_path, "m", head, entries), "--accept-licence")
    assert run.returncode == 3 and "is a head" in run.stderr and "--head" in run.stderr
    assert "not known" not in run.stderr
