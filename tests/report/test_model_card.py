"""The card of a model, as people read it."""

import io
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import toy_model
from rich.console import Console

from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import METADATA_KEY, ModelManifest
from genretag.report.model_card import print_card

WIDTH = 80


@pytest.fixture
def manifest(tmp_path: Path) -> ModelManifest:
    toy = onnx.load(toy_model.save(tmp_path / "toy.onnx"))
    entries = {one.key: one.value for one in toy.metadata_props}
    return ModelManifest.from_json(entries[METADATA_KEY])


def card(manifest: ModelManifest) -> str:
    stream = io.StringIO()
    print_card(manifest, "0" * 64, "toy@0", Path("toy.onnx"), Console(file=stream, width=WIDTH))
    return stream.getvalue()


def test_of_hundreds_of_styles_families_and_their_sizes_are_shown(manifest: ModelManifest) -> None:
    styles = [f"Style {n}" for n in range(400)]
    parents = {name: "Rock" if n < 390 else "Jazz" for n, name in enumerate(styles)}
    shown = card(replace(manifest, genres=GenreVocabulary(tuple(styles), parents)))
    assert "Rock 390, Jazz 10" in shown
    assert "400: `genretag models show MODEL --format json` names them" in " ".join(shown.split())
    assert "Style 17" not in shown


def test_a_few_genres_are_named(manifest: ModelManifest) -> None:
    shown = card(manifest)
    assert all(name in shown for name in manifest.genres.names)


def test_digests_of_the_published_files_stay_in_one_line(manifest: ModelManifest) -> None:
    digest = "ab" * 32
    shown = card(replace(manifest, source={"SHA-256 of a_long_name_of_a_file.onnx": digest}))
    assert any(line.endswith(digest) for line in shown.splitlines())
