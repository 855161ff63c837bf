"""Training talks to nobody unless it is told to, and leaves only genretag's files at home."""

import sys
from pathlib import Path

import pytest
from tracing import Machine, untraceable

SMALL = ("--window-s", "1", "--hidden", "4", "--rnn-hidden", "4", "--batch-size", "8", "--epochs",
         "1", "--threads", "1", "--mask-s", "0.1", "--min-accepted", "1")  # fmt: skip


@pytest.mark.skipif(bool(untraceable()), reason=untraceable())
def test_a_run_from_music_to_pictures_talks_to_nobody(
    toy_library: Path, features: Path, tmp_path: Path
) -> None:
    (home := tmp_path / "home").mkdir()
    machine, out = Machine(home), tmp_path / "run"
    data = ("--data", toy_library)
    for arguments in (
        (*data, "--out", out, "--cache", features, "--tensorboard", *SMALL),
        ("evaluate", out, *data),
        ("plots", out, *data, "--out", tmp_path / "plots"),
        ("export", out, "--out", tmp_path / "again.onnx"),
        ("features", *data, "--out", tmp_path / "features.h5", "--jobs", "1"),
    ):
        trace = machine.traced(sys.executable, "-m", "genretag", "train", *arguments)
        # urllib3 opens a socket, while it is imported, to see whether there is IPv6.
        assert trace.talk == [], arguments
        assert machine.foreign == [], arguments
