import os
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import fake_hub
import pytest
from audio_files import write_tone
from fake_hub import TOKEN, FakeHub

Run = Callable[..., "subprocess.CompletedProcess[str]"]
REPO = "someone/genres"
WRONG = "0" * 64


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub.serving() as served:
        yield served


@pytest.fixture
def models(genretag: Run, hub: FakeHub, tmp_path: Path) -> Run:
    """Return a function that runs `genretag models ...` against the fake Hub."""

    def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        return genretag("models", *arguments, **hub.environment(tmp_path / "hf"), **environment)

    return run


def kept(cache: Path) -> list[Path]:
    """Return whatever of models, whole or in part, is in the cache."""
    return [path for path in cache.rglob("*") if path.is_file() and path.parent.name != "refs"
            and path.suffix not in (".lock", ".TAG") and path.name != "CACHEDIR.TAG"]  # fmt: skip


def test_a_model_is_pulled_pinned_listed_verified_and_scanned_with_offline(
    models: Run, genretag: Run, hub: FakeHub, toy: Path, tmp_path: Path
) -> None:
    commit = hub.put(REPO, "v2", {"model.onnx": toy.read_bytes()})
    digest = sha256(toy.read_bytes()).hexdigest()
    run = models("pull", f"hf:{REPO}@v2", "--sha256", digest.upper())
    assert run.returncode == 0, run.stderr
    assert f"hf:{REPO}@{commit}" in run.stdout and digest in run.stdout
    assert "expected one" in run.stdout
    hub.asked.clear()
    offline = {"HF_HUB_OFFLINE": "1"}
    assert f"hf:{REPO}@v2" in models("list", **offline).stdout
    for address in (f"hf:{REPO}@v2", f"hf:{REPO}@{commit}"):
        run = models("verify", address, **offline)
        assert run.returncode == 0 and digest in run.stdout, run.stderr
    song = write_tone(tmp_path / "a.flac", seconds=3.0)
    scanned = genretag(
        "scan", "-n", "--model", f"hf:{REPO}@v2", song,
        **hub.environment(tmp_path / "hf"), **offline,
    )  # fmt: skip
    assert scanned.returncode == 0, scanned.stderr
    assert hub.asked == []


def test_a_file_with_another_digest_is_refused_and_not_kept(
    models: Run, hub: FakeHub, toy: Path, tmp_path: Path
) -> None:
    hub.put(REPO, "main", {"model.onnx": toy.read_bytes()})
    run = models("pull", f"hf:{REPO}", "--sha256", WRONG)
    assert run.returncode == 3
    assert "wrong-digest" in run.stderr and sha256(toy.read_bytes()).hexdigest() in run.stderr
    assert kept(tmp_path / "cache") == []
    assert models("pull", f"hf:{REPO}").returncode == 0
    again = models("pull", f"hf:{REPO}", "--sha256", WRONG)
    assert again.returncode == 3
    assert models("verify", f"hf:{REPO}", HF_HUB_OFFLINE="1").returncode == 0


def test_what_is_no_model_is_refused_and_not_kept(
    models: Run, hub: FakeHub, tmp_path: Path
) -> None:
    hub.put(REPO, "main", {"model.onnx": b"not a model"})
    run = models("pull", f"hf:{REPO}")
    assert run.returncode == 3 and "model-invalid" in run.stderr
    assert kept(tmp_path / "cache") == []


@pytest.mark.parametrize("address", [f"hf:{REPO}", f"hf:{REPO}@v9", "hf:someone/else"])
def test_an_absent_file_revision_or_repository_is_named(
    address: str, models: Run, hub: FakeHub, tmp_path: Path
) -> None:
    hub.put(REPO, "main", {"README.md": b"nothing else"})
    run = models("pull", address)
    assert run.returncode == 3
    assert "model-unreachable" in run.stderr and "no such repository, revision" in run.stderr
    assert kept(tmp_path / "cache") == []


def test_a_hub_that_wants_a_token_says_so_and_opens_with_it(
    models: Run, hub: FakeHub, toy: Path, tmp_path: Path
) -> None:
    hub.put(REPO, "main", {"model.onnx": toy.read_bytes()})
    hub.needs_token = True
    run = models("pull", f"hf:{REPO}")
    assert run.returncode == 3
    assert "hub-refused" in run.stderr and "401" in run.stderr and "hf auth login" in run.stderr
    assert kept(tmp_path / "cache") == []
    assert models("pull", f"hf:{REPO}", HF_TOKEN=TOKEN).returncode == 0


def test_a_connection_that_breaks_leaves_no_half_model(
    models: Run, hub: FakeHub, toy: Path, tmp_path: Path
) -> None:
    hub.put(REPO, "main", {"model.onnx": toy.read_bytes()})
    hub.cut_after = len(toy.read_bytes()) // 2
    run = models("pull", f"hf:{REPO}")
    assert run.returncode == 3, run.stderr
    assert "model-unreachable" in run.stderr and "Check the connection" in run.stderr
    assert "Traceback" not in run.stderr
    assert kept(tmp_path / "cache") == []
    hub.cut_after = None
    assert models("pull", f"hf:{REPO}").returncode == 0


def test_offline_without_a_copy_names_the_reason(models: Run, hub: FakeHub, toy: Path) -> None:
    hub.put(REPO, "main", {"model.onnx": toy.read_bytes()})
    run = models("pull", f"hf:{REPO}", HF_HUB_OFFLINE="1")
    assert run.returncode == 3 and "HF_HUB_OFFLINE" in run.stderr
    assert hub.asked == []


def test_a_copy_that_was_damaged_fails_to_verify_and_does_not_break_the_list(
    models: Run, hub: FakeHub, toy: Path, tmp_path: Path
) -> None:
    hub.put(REPO, "main", {"model.onnx": toy.read_bytes()})
    models("pull", f"hf:{REPO}")
    [content] = [path for path in kept(tmp_path / "cache") if not path.is_symlink()]
    content.write_bytes(toy.read_bytes()[:-1])
    run = models("verify", f"hf:{REPO}", HF_HUB_OFFLINE="1")
    assert run.returncode == 3 and "wrong-digest" in run.stderr
    listed = models("list")
    assert listed.returncode == 0 and "cannot be used" in listed.stdout


def test_the_bundled_model_and_a_file_can_be_verified(genretag: Run, toy: Path) -> None:
    run = genretag("models", "verify", "genretag-cnn1d-lstm")
    assert run.returncode == 0 and "genretag-cnn1d-lstm@" in run.stdout
    digest = sha256(toy.read_bytes()).hexdigest()
    assert genretag("models", "verify", toy, "--sha256", digest).returncode == 0
    assert "wrong-digest" in genretag("models", "verify", toy, "--sha256", WRONG).stderr


def test_a_wrong_command_line_is_refused(genretag: Run, toy: Path) -> None:
    for arguments in (("pull", str(toy)), ("pull", "hf:a/b", "--sha256", "abc")):
        run = genretag("models", *arguments)
        assert run.returncode == 2, run.stderr


def test_content_that_another_revision_has_is_kept(tmp_path: Path) -> None:
    from genretag.inference import store

    repository = tmp_path / "hub" / "models--a--b"
    blob = repository / "blobs" / WRONG
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"content")
    files = [repository / "snapshots" / commit / "model.onnx" for commit in ("1" * 40, "2" * 40)]
    for file in files:
        file.parent.mkdir(parents=True)
        file.symlink_to(os.path.relpath(blob, file.parent))
    assert list(store.list_pulled(tmp_path)) == [f"hf:a/b@{'1' * 40}", f"hf:a/b@{'2' * 40}"]
    store.remove_pulled(files[0], tmp_path)
    assert files[1].read_bytes() == b"content"
    store.remove_pulled(files[1], tmp_path)
    assert not blob.exists() and store.list_pulled(tmp_path) == {}
