"""Files of learned heads: whole or refused with a sentence, before any music is touched."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save, save_file

from genretag.domain.front_end import FrontEnd
from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import METADATA_KEY, BaseModel, ModelManifest
from genretag.errors import Code, GenretagError, RunError, UsageError
from genretag.inference import session, store
from genretag.inference.learned import save_learned

WIDTH = toy_model.MANIFEST.front_end.n_mels
WEIGHT = np.random.default_rng(0).normal(size=(3, WIDTH))
BIAS = np.zeros(3)


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return toy_model.save(tmp_path / "toy.onnx")


@pytest.fixture
def manifest(toy: Path) -> ModelManifest:
    return replace(
        toy_model.MANIFEST,
        name="own",
        genres=GenreVocabulary(("Drone", "Polka")),
        averaging="logits",
        base=BaseModel(str(toy), session.load(toy, "cpu").digest),
    )


@pytest.fixture
def head(manifest: ModelManifest, tmp_path: Path) -> Path:
    file = tmp_path / "own.safetensors"
    save_learned(file, manifest, WEIGHT, BIAS)
    return file


def refused(file: Path, code: Code = Code.MODEL_INVALID) -> str:
    with pytest.raises(RunError) as caught:
        session.load(file, "cpu")
    assert caught.value.code == code and str(file) in caught.value.message
    return caught.value.message


def test_it_scores_as_the_weights_say_and_leaves_a_part_for_other_music(
    head: Path, toy: Path
) -> None:
    model, base = session.load(head, "cpu"), session.load(toy, "cpu")
    windows = np.random.default_rng(1).random((3, 87, WIDTH)).astype(np.float32)
    scores, embeddings = model.predict_with_embeddings(windows)
    logits = embeddings.astype(np.float64) @ WEIGHT.astype(np.float32).T
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert scores == pytest.approx(expected[:, :2], abs=1e-6)
    assert np.array_equal(embeddings, base.predict_with_embeddings(windows)[1])
    assert np.array_equal(scores, model.score(windows)) and (scores.sum(axis=1) < 1).all()


def test_saving_again_keeps_the_head_that_was_there(head: Path, manifest: ModelManifest) -> None:
    first = session.load(head, "cpu")
    assert save_learned(head, manifest, WEIGHT, BIAS) is None  # it is the same
    kept = save_learned(head, manifest, 2 * WEIGHT, BIAS)
    assert kept and kept.name == f"own@{first.digest[:12]}.safetensors"
    assert session.load(kept, "cpu").digest == first.digest
    assert session.load(head, "cpu").digest != first.digest
    assert [file.name for file in head.parent.glob(".*")] == []


@pytest.mark.parametrize(
    "content",
    [b"", b"no tensors", b"\xff" * 8 + b"{}", (2**62).to_bytes(8, "little") + b"{}", bytes(1000)],
)
def test_what_is_no_safetensors_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.safetensors"
    file.write_bytes(content)
    refused(file)


def test_a_file_without_a_manifest_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.safetensors"
    save_file({"weight": np.zeros((3, WIDTH), np.float32)}, file)
    refused(file)


Change = Callable[[dict], dict]
MANIFESTS: dict[str, Change] = {
    "another schema": lambda entries: entries | {"schema": 99},
    "no base": lambda entries: {key: one for key, one in entries.items() if key != "base"},
    "a base without a digest": lambda entries: entries | {"base": {"model": "x"}},
    "a digest that is none": lambda entries: entries | {"base": {"model": "x", "sha256": "no"}},
    "a base that is a list": lambda entries: entries | {"base": ["x"]},
    "another front end": lambda entries: (
        entries | {"front_end": entries["front_end"] | {"hop": 256}}
    ),
    "more genres than weights": lambda entries: entries | {"genres": ["A", "B", "C"]},
    "a genre twice": lambda entries: entries | {"genres": ["A", "a"]},
    "a name with control characters": lambda entries: entries | {"name": "own\x1b[31m\nX"},
    "a genre with control characters": lambda entries: entries | {"genres": ["A", "B\nC"]},
    "a parent with control characters": lambda entries: entries | {"parents": {"Drone": "\x1b[1m"}},
    "a genre that players split": lambda entries: entries | {"genres": ["A", "B/C"]},
}


@pytest.mark.parametrize("problem", MANIFESTS)
def test_a_manifest_that_does_not_fit_is_refused(
    problem: str, manifest: ModelManifest, tmp_path: Path
) -> None:
    entries = MANIFESTS[problem](json.loads(manifest.to_json()))
    tensors = {"weight": WEIGHT.astype(np.float32), "bias": BIAS.astype(np.float32)}
    file = tmp_path / "bad.safetensors"
    file.write_bytes(save(tensors, {METADATA_KEY: json.dumps(entries)}))
    refused(file)


TENSORS = {
    "none": {},
    "no bias": {"weight": WEIGHT.astype(np.float32)},
    "doubles": {"weight": WEIGHT, "bias": BIAS},
    "not numbers": {"weight": np.full((3, WIDTH), np.nan, np.float32), "bias": np.zeros(3, "f4")},
    "too narrow": {"weight": WEIGHT[:, :5].astype(np.float32), "bias": BIAS.astype(np.float32)},
    "one dimension": {"weight": np.zeros(3, np.float32), "bias": np.zeros(3, np.float32)},
    "a long bias": {"weight": WEIGHT.astype(np.float32), "bias": np.zeros(9, np.float32)},
}


@pytest.mark.parametrize("problem", TENSORS)
def test_weights_that_do_not_fit_are_refused(
    problem: str, manifest: ModelManifest, tmp_path: Path
) -> None:
    file = tmp_path / "bad.safetensors"
    file.write_bytes(save(TENSORS[problem], {METADATA_KEY: manifest.to_json()}))
    refused(file)


def test_a_file_far_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.safetensors"
    with file.open("wb") as stream:
        stream.truncate(10 << 30)
    assert "bytes" in refused(file)


def test_a_base_that_is_gone_or_another_is_told_with_what_to_do(
    head: Path, toy: Path, tmp_path: Path
) -> None:
    changed = replace(toy_model.MANIFEST, version="2")
    toy_model.save(toy, changed)
    assert "SHA-256" in refused(head, Code.BASE_MISSING)
    toy.unlink()
    assert "not there" in refused(head, Code.BASE_MISSING)


def test_a_base_that_was_learned_itself_is_refused(
    head: Path, manifest: ModelManifest, tmp_path: Path
) -> None:
    second = tmp_path / "second.safetensors"
    digest = session.load(head, "cpu").digest
    save_learned(second, replace(manifest, base=BaseModel(str(head), digest)), WEIGHT, BIAS)
    assert "learned itself" in refused(second)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_bad_disk_does_to_it_is_an_error_of_ours(
    head: Path, data: st.DataObject
) -> None:
    content = bytearray(head.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(len(content) - 1, 2000)))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    file = head.with_name("damaged.safetensors")
    file.write_bytes(content[: cut or None])
    try:
        model = session.load(file, "cpu")
    except GenretagError as error:
        assert error.hint
    else:
        assert np.isfinite(model.score(np.zeros((1, 87, WIDTH), np.float32))).all()


@pytest.mark.parametrize("name", ["mine", "a", "My.Genres-2", "x" * 64, "_"])
def test_a_plain_name_is_the_name_of_a_file(name: str, tmp_path: Path) -> None:
    assert store.learned_file(name, tmp_path).name == f"{name}.safetensors"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "a\\b", "hf:a/b", "x" * 65, "nul", "COM1", "a.", "-x", "a@b", "ä"],
)
def test_other_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        store.learned_file(name, tmp_path)


def test_a_front_end_is_copied_from_the_base(manifest: ModelManifest) -> None:
    assert ModelManifest.from_json(manifest.to_json()) == manifest
    other = FrontEnd(22050, 2048, 256, 48, "db-minmax")
    assert replace(manifest, front_end=other) != manifest
