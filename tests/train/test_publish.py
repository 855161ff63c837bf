import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import fake_hub
import pytest
import toy_model
import yaml
from commands import done, refused
from fake_hub import TOKEN, FakeHub
from huggingface_hub import constants

from genretag.errors import Code
from genretag.inference import store
from genretag_train.evaluation.models import load_model
from genretag_train.export.hub_card import render_card

REPO = "someone/genres"


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub.serving() as served:
        served.needs_token = True
        yield served


def publish(
    hub: FakeHub, home: Path, *arguments: str | Path, module: str = "genretag_train", **own: str
) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own: the Hub's library reads its endpoint on import."""
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        env=os.environ | hub.environment(home) | {"GENRETAG_CACHE_DIR": str(home)} | own,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_is_published_with_its_card_and_pulled_again(
    toy_run: tuple[Path, Path], hub: FakeHub, tmp_path: Path
) -> None:
    run = publish(hub, tmp_path, "publish", toy_run[0], f"hf:{REPO}", "--private",
                  "--revision", "v1", HF_TOKEN=TOKEN)  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert hub.created[0]["visibility"] == "private"
    files = hub.repos[REPO]["v1"]
    model = (toy_run[0] / "model.onnx").read_bytes()
    assert set(files) == {"model.onnx", "README.md"} and files["model.onnx"] == model
    assert files["README.md"].decode() == render_card(load_model(str(toy_run[0])), REPO)
    pull = run.stdout.splitlines()[-1].partition("genretag ")[2].split()
    assert hub.commit_of(REPO, "v1") in pull[2] and sha256(model).hexdigest() in pull
    again = publish(hub, tmp_path / "other", *pull, module="genretag", HF_TOKEN=TOKEN)
    assert again.returncode == 0, again.stderr


@pytest.fixture
def here(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The fake Hub for commands in this process, with a token that may write."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return monkeypatch


def test_a_second_model_goes_into_the_repository_that_is_there(
    toy_run: tuple[Path, Path], hub: FakeHub, here: pytest.MonkeyPatch
) -> None:
    first = hub.put(REPO, "main", {"model.onnx": b"older", "notes.txt": b"kept"})
    done("publish", toy_run[0] / "model.onnx", f"hf:{REPO}")
    assert hub.repos[REPO]["main"]["notes.txt"] == b"kept"
    assert hub.commit_of(REPO, "main") != first and hub.repos[REPO][first]["model.onnx"] == b"older"


def test_the_notice_that_a_licence_asks_for_goes_along(
    hub: FakeHub, here: pytest.MonkeyPatch
) -> None:
    done("publish", store.DEFAULT, f"hf:{REPO}")
    files = hub.repos[REPO]["main"]
    assert set(files) == {"model.onnx", "README.md", "NOTICE-musicnn.txt"}
    assert b"Permission to use, copy, modify" in files["NOTICE-musicnn.txt"]


def test_with_a_wrong_token_nothing_is_published(
    toy_run: tuple[Path, Path], hub: FakeHub, here: pytest.MonkeyPatch
) -> None:
    here.setenv("HF_TOKEN", "hf_other")
    error = refused("publish", toy_run[0], f"hf:{REPO}")
    assert error.code is Code.HUB_REFUSED and error.exit_code == 3
    assert "hf auth login" in error.hint
    assert hub.repos == {}


def test_a_hub_that_does_not_answer_is_told(
    toy_run: tuple[Path, Path], here: pytest.MonkeyPatch
) -> None:
    here.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    error = refused("publish", toy_run[0], f"hf:{REPO}")
    assert error.code is Code.MODEL_UNREACHABLE and REPO in error.message


def front_matter(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_the_card_of_a_run_tells_metrics_data_licence_use_and_limits(
    toy_run: tuple[Path, Path],
) -> None:
    text = render_card(load_model(str(toy_run[0])), REPO)
    metrics = json.loads((toy_run[0] / "metrics.json").read_text())
    for words in ("## Use", "## Intended use and limits", "## Licence and data", "## Scores",
                  "## Calibration", "## Confusion", "| Whistle |", f"hf:{REPO}",
                  "Artists apart: not known.", "## Time and energy", "Training took"):  # fmt: skip
        assert words in text
    assert f"{metrics['test']['accuracy']:.3f} (" in text
    head = front_matter(text)
    assert head["license"] == "mit" and head["pipeline_tag"] == "audio-classification"
    [result] = head["model-index"][0]["results"]
    assert {metric["type"] for metric in result["metrics"]} == {"accuracy", "f1"}
    assert result["metrics"][0]["value"] == round(metrics["test"]["accuracy"], 4)


def test_the_card_of_a_small_precision_tells_what_it_costs(
    toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    done("export", toy_run[0], "--precision", "int8", "--out", tmp_path / "small.onnx")
    text = render_card(load_model(str(tmp_path / "small.onnx")), REPO)
    assert "Weights in int8" in text and "| test (3 clips) |" in text
    assert "Artists apart: not known." in text and "energy: not recorded" in text


def test_the_card_of_a_head_tells_what_cross_validation_measured() -> None:
    text = render_card(load_model(store.DEFAULT), REPO)
    assert "| cross-validation, artists apart (" in text and "Artists apart: yes." in text
    assert "It was not measured." not in text


def test_the_card_of_a_model_that_was_never_measured_says_so(tmp_path: Path) -> None:
    toy = toy_model.save(tmp_path / "toy.onnx")
    text = render_card(load_model(str(toy)), REPO)
    assert "It was not measured." in text and "not recorded" in text
    assert "model-index" not in front_matter(text)


def test_a_wrong_address_or_run_is_refused(toy_run: tuple[Path, Path], tmp_path: Path) -> None:
    assert refused("publish", toy_run[0], REPO).code is Code.BAD_OPTION
    assert refused("publish", toy_run[0], "hf:alone").exit_code == 2
    assert refused("publish", tmp_path, f"hf:{REPO}").code is Code.UNKNOWN_MODEL
