"""What a model says about itself, written and read back."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.front_end import FRONT_ENDS, FrontEnd
from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import SCHEMA, ModelManifest
from genretag.domain.window import WindowSpec
from genretag.errors import Code, RunError

MANIFEST = ModelManifest(
    name="toy",
    version="1",
    licence="MIT",
    description="Größe, 音楽 and \N{MUSICAL SYMBOL G CLEF}",
    genres=GenreVocabulary(("Rock", "Pop", "Hip-Hop"), {"Hip-Hop": "Urban"}),
    front_end=FrontEnd(16000, 512, 256, 96, "log-compression", rms_dbfs=-20.0),
    window=WindowSpec(7.5, 6),
    temperature=1.3,
    threshold=0.6,
    training={"data": "clips", "groups": 12},
    scores={"accuracy": 0.5, "per_genre": {"Rock": 0.4}},
)

manifests = st.builds(
    ModelManifest,
    name=st.text(min_size=1, max_size=20),
    version=st.text(max_size=8),
    licence=st.text(max_size=8),
    description=st.text(max_size=40),
    genres=st.integers(2, 9).map(lambda n: GenreVocabulary(tuple(f"Genre {i}" for i in range(n)))),
    front_end=st.builds(
        FrontEnd,
        rate_hz=st.integers(8000, 48000),
        n_fft=st.integers(64, 2048).map(lambda half: 2 * half),
        hop=st.integers(512, 2048),
        n_mels=st.integers(1, 256),
        scaling=st.sampled_from(["db-minmax", "log-compression"]),
        rms_dbfs=st.none() | st.floats(-60, 0),
    ),
    window=st.builds(WindowSpec, st.floats(0.1, 60), st.integers(1, 20)),
    temperature=st.floats(0.01, 100),
    threshold=st.floats(0, 1),
    averaging=st.sampled_from(["scores", "logits"]),
    set_masses=st.just(())
    | st.lists(st.floats(0, 1), min_size=99, max_size=99).map(sorted).map(tuple),
)


@given(manifest=manifests)
def test_a_manifest_survives_being_written_and_read(manifest: ModelManifest) -> None:
    assert ModelManifest.from_json(manifest.to_json()) == manifest


def test_parents_training_and_scores_survive_too() -> None:
    assert ModelManifest.from_json(MANIFEST.to_json()) == MANIFEST


def changed(**entries: Any) -> str:
    return json.dumps(json.loads(MANIFEST.to_json()) | entries)


def without(key: str) -> str:
    return json.dumps({k: v for k, v in json.loads(MANIFEST.to_json()).items() if k != key})


def refusal(text: str) -> RunError:
    with pytest.raises(RunError) as caught:
        ModelManifest.from_json(text)
    assert caught.value.code is Code.MODEL_INVALID
    assert caught.value.exit_code == 3
    return caught.value


@pytest.mark.parametrize("schema", [0, 2, 99, "1", None, 1.5])
def test_a_schema_of_another_time_is_refused_by_its_number(schema: Any) -> None:
    message = refusal(changed(schema=schema)).message
    assert repr(schema) in message
    assert str(SCHEMA) in message


@pytest.mark.parametrize("key", [key for key in json.loads(MANIFEST.to_json()) if key != "schema"])
def test_a_missing_entry_is_refused_by_its_name(key: str) -> None:
    assert key in refusal(without(key)).message


def test_a_manifest_without_a_schema_is_refused() -> None:
    refusal(without("schema"))


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "3", '"text"', "{'schema': 1}", MANIFEST.to_json()[:-5], "[" * 100_000],
    ids=lambda text: text[:8] or "empty",
)
def test_what_is_no_manifest_at_all_is_refused(text: str) -> None:
    refusal(text)


FRONT_END = json.loads(MANIFEST.to_json())["front_end"]


@pytest.mark.parametrize(
    "entries",
    [
        {"name": 5},
        {"name": ""},
        {"version": None},
        {"licence": ["MIT"]},
        {"description": {}},
        {"genres": "Rock"},
        {"genres": None},
        {"genres": ["Rock"]},
        {"genres": ["Rock", 5]},
        {"genres": ["Rock", "rock"]},
        {"genres": ["Rock", "A; B"]},
        {"genres": {"Rock": 0, "Pop": 1}},
        {"parents": {"Polka": "Folk"}},
        {"parents": None},
        {"parents": ["Rock", "Pop", "Hip-Hop"]},
        {"front_end": None},
        {"front_end": "mel"},
        {"front_end": {}},
        {"front_end": FRONT_END | {"rate_hz": 0}},
        {"front_end": FRONT_END | {"rate_hz": "16000"}},
        {"front_end": FRONT_END | {"rate_hz": True}},
        {"front_end": FRONT_END | {"n_fft": 512.0}},
        {"front_end": FRONT_END | {"n_fft": 511}},
        {"front_end": FRONT_END | {"hop": -1}},
        {"front_end": FRONT_END | {"n_mels": None}},
        {"front_end": FRONT_END | {"scaling": "cubic"}},
        {"front_end": FRONT_END | {"scaling": ["db-minmax"]}},
        {"front_end": FRONT_END | {"rms_dbfs": "loud"}},
        {"front_end": FRONT_END | {"rms_dbfs": float("nan")}},
        {"front_end": FRONT_END | {"more": 1}},
        {"window": None},
        {"window": 30},
        {"window": {"length_s": 0}},
        {"window": {"length_s": "30"}},
        {"window": {"length_s": float("inf")}},
        {"window": {"length_s": 30, "balanced": 0}},
        {"window": {"length_s": 30, "balanced": 2.5}},
        {"calibration": 1.0},
        {"calibration": {}},
        {"calibration": {"temperature": 0, "threshold": 0.5}},
        {"calibration": {"temperature": -1, "threshold": 0.5}},
        {"calibration": {"temperature": float("nan"), "threshold": 0.5}},
        {"calibration": {"temperature": float("inf"), "threshold": 0.5}},
        {"calibration": {"temperature": "warm", "threshold": 0.5}},
        {"calibration": {"temperature": 1, "threshold": 0.5, "averaging": "mood"}},
        {"calibration": {"temperature": 1, "threshold": 1.1}},
        {"calibration": {"temperature": 1, "threshold": None}},
        {"training": "on clips"},
        {"scores": None},
        {"scores": [0.5]},
    ],
    ids=json.dumps,
)
def test_an_entry_of_the_wrong_kind_is_refused(entries: dict[str, Any]) -> None:
    assert "manifest" in refusal(changed(**entries)).message


def test_entries_that_a_later_version_adds_are_no_reason_to_refuse() -> None:
    assert ModelManifest.from_json(changed(colour="blue")) == MANIFEST


@pytest.mark.parametrize("masses", [(0.5,), tuple(range(99, 0, -1))])
def test_masses_of_sets_are_99_rising_numbers(masses: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="99 rising numbers"):
        replace(MANIFEST, set_masses=masses)


def test_aliases_are_read_back_and_a_manifest_may_lack_them() -> None:
    genres = replace(MANIFEST.genres, aliases={"Rap": "Hip-Hop"})
    manifest = replace(MANIFEST, genres=genres)
    assert ModelManifest.from_json(manifest.to_json()) == manifest
    assert "aliases" not in json.loads(MANIFEST.to_json())


@pytest.mark.parametrize("aliases", [[], "Rap", {"Rap": "Blues"}, {"rock": "Pop"}, {"Rap": 3}])
def test_aliases_that_mean_nothing_are_refused(aliases: Any) -> None:
    assert "wrong" in refusal(changed(aliases=aliases)).message


OLD_FRONT_END = {
    "rate_hz": 22050, "n_fft": 2048, "hop": 512, "n_mels": 48, "scaling": "db-minmax",
    "rms_dbfs": None,
}  # fmt: skip


def test_a_front_end_of_an_older_version_is_what_it_was() -> None:
    read = ModelManifest.from_json(changed(front_end=OLD_FRONT_END)).front_end
    assert read == FrontEnd(22050, 2048, 512, 48, "db-minmax")
    assert read.centred
    assert (read.frame_samples, read.top_hz) == (2048, 11025)


def test_what_older_versions_do_not_know_is_written_only_where_it_is_needed() -> None:
    written = json.loads(MANIFEST.to_json())["front_end"]
    assert set(written) <= set(OLD_FRONT_END)
    foreign = replace(MANIFEST, front_end=FRONT_ENDS["vggish"])
    assert json.loads(foreign.to_json())["front_end"]["mel_scale"] == "htk"
    assert ModelManifest.from_json(foreign.to_json()) == foreign


@pytest.mark.parametrize(
    ("front_end", "length_s"),
    [
        (FRONT_ENDS["vggish"], 0.02),
        (FrontEnd(48000, 65536, 1, 8, "db-minmax"), 1.0),
        (FrontEnd(384000, 2, 65536, 8, "db-minmax"), 3600.0),
    ],
    ids=["no frame", "many frames", "many samples"],
)
def test_windows_without_a_frame_or_larger_than_memory_are_refused(
    front_end: FrontEnd, length_s: float
) -> None:
    with pytest.raises(ValueError, match="too short or too long"):
        replace(MANIFEST, front_end=front_end, window=WindowSpec(length_s))
