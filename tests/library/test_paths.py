"""Where genretag keeps its own files."""

from pathlib import Path

import pytest

from genretag.library import paths


@pytest.mark.parametrize(
    ("variable", "place"),
    [("GENRETAG_CONFIG", paths.config_file), ("GENRETAG_CACHE_DIR", paths.cache_dir),
     ("GENRETAG_DATA_DIR", paths.data_dir)],
)  # fmt: skip
def test_the_environment_moves_genretags_own_files(variable, place, monkeypatch) -> None:
    monkeypatch.delenv(variable, raising=False)
    assert "genretag" in str(place())
    monkeypatch.setenv(variable, "/elsewhere")
    assert place() == Path("/elsewhere")


def test_an_empty_variable_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENRETAG_DATA_DIR", raising=False)
    usual = paths.data_dir()
    monkeypatch.setenv("GENRETAG_DATA_DIR", "")
    assert paths.data_dir() == usual


def test_asking_for_a_place_does_not_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENRETAG_CACHE_DIR", str(tmp_path / "cache"))
    assert not paths.cache_dir().exists()
