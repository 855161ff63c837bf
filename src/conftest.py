"""Gives the examples in docstrings a folder with a song, and keeps genretag's own files in it."""

import pytest

collect_ignore = ["beetsplug/genretag.py"]
"""It has no examples, and pytest would import it by the name of the package `genretag`."""


@pytest.fixture(autouse=True)
def folder_with_a_song(request: pytest.FixtureRequest) -> None:
    """Run an example in a folder that holds `song.wav`, 12 s of a sine at 440 Hz."""
    if not isinstance(request.node, pytest.DoctestItem):
        return
    from audio_files import write_tone  # type: ignore[import-not-found]

    folder = request.getfixturevalue("tmp_path")
    patch = request.getfixturevalue("monkeypatch")
    patch.chdir(folder)
    patch.setenv("GENRETAG_DATA_DIR", str(folder / "data"))
    patch.setenv("GENRETAG_CACHE_DIR", str(folder / "cache"))
    write_tone(folder / "song.wav", seconds=12)
