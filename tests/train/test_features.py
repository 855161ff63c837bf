import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import fma_tree
import h5py
import librosa
import numpy as np
import pytest
from audio_files import chirp, write_tone
from toy_music import library, table
from typer.testing import CliRunner

from genretag.audio import mel
from genretag.cli.app import app
from genretag.errors import Code, RunError, UsageError
from genretag.library import resources
from genretag_train.features import hdf5_store
from genretag_train.features import precompute as command
from genretag_train.features.precompute import KINDS, STUDY, Recipe, Summary, computed, extract
from genretag_train.progress import map_threaded

SHORT = Recipe(clip_s=1.0)


def silent(done: int, of: int) -> None:
    pass


def stored(file: Path) -> dict[str, np.ndarray]:
    with h5py.File(file) as found:
        names = found["name"].asstr()[:]
        return dict(zip(names, found["features"][:], strict=True))


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips of 1.2 s in each of three genres."""
    return library(tmp_path_factory.mktemp("music"), per_genre=4, seconds=1.2)


@pytest.fixture(scope="module")
def extracted(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("features") / "mel.h5"
    assert extract(music, out, SHORT, 1, silent) == Summary(12, {})
    return out


def test_thirty_seconds_are_1292_frames_of_128_mels_from_0_to_1(tmp_path: Path) -> None:
    clip = write_tone(tmp_path / "a.mp3", seconds=30.5)
    found = computed(clip, Recipe())
    assert not isinstance(found, str)
    features, length_s = found
    assert (features.shape, features.dtype, length_s) == ((1292, 128), np.float16, 30.0)
    assert (features.min(), features.max()) == (0, 1)


def test_a_clip_that_is_a_bit_short_is_repeated_and_its_length_told(tmp_path: Path) -> None:
    clip = write_tone(tmp_path / "a.flac", seconds=2.0)
    found = computed(clip, Recipe(clip_s=4.0))
    assert not isinstance(found, str)
    features, length_s = found
    assert length_s == pytest.approx(2.0, abs=0.01)
    np.testing.assert_allclose(features[10:70].mean(0), features[100:160].mean(0), atol=0.05)


def test_mel_features_are_what_inference_computes(music: Path, extracted: Path) -> None:
    from genretag_train.features.extraction import load_excerpt

    heard = load_excerpt(music / "Hum" / "3.flac", SHORT.spec)
    assert not isinstance(heard, str)
    wanted = mel.features(heard.samples, STUDY)
    np.testing.assert_allclose(stored(extracted)["Hum/3.flac"], wanted, atol=1e-3)


def test_mfccs_are_librosas() -> None:
    samples = chirp(2.0, STUDY.rate_hz, 1)[0]
    found = KINDS["mfcc"].compute(samples, STUDY)
    wanted = librosa.feature.mfcc(y=samples, sr=STUDY.rate_hz, n_mfcc=20)
    assert found.shape == (1 + len(samples) // 512, 20)
    np.testing.assert_allclose(found, wanted.T, atol=0.1)


def test_uint8_is_within_half_a_step_of_float16(
    music: Path, extracted: Path, tmp_path: Path
) -> None:
    extract(music, tmp_path / "small.h5", Recipe(dtype="uint8", clip_s=1.0), 1, silent)
    exact, coarse = stored(extracted), stored(tmp_path / "small.h5")
    for name, features in exact.items():
        assert coarse[name].dtype == np.uint8
        assert np.abs(coarse[name] / 255 - features.astype(float)).max() < 0.5 / 255 + 1e-3
    with pytest.raises(UsageError, match="mfcc cannot be kept as uint8"):
        Recipe(kind="mfcc", dtype="uint8")


def test_the_file_says_what_it_holds_and_how_it_was_made(extracted: Path, music: Path) -> None:
    with h5py.File(extracted) as file:
        assert file["features"].chunks == (1, 44, 128)
        assert list(file["genre"].asstr()[:4]) == ["Hiss"] * 4
        assert set(file["state"][:]) == {hdf5_store.HEARD}
        assert np.allclose(file["length_s"][:], 1.0)
        told = dict(file.attrs)
    assert told["kind"] == "mel" and told["data"] == str(music)
    assert '"n_fft": 2048' in told["front_end"]
    assert {"genretag", "created", "axes"} < set(told)


def test_several_processes_compute_what_one_does(
    music: Path, extracted: Path, tmp_path: Path
) -> None:
    extract(music, tmp_path / "two.h5", SHORT, 2, silent)
    one, two = stored(extracted), stored(tmp_path / "two.h5")
    assert one.keys() == two.keys()
    assert all((one[name] == two[name]).all() for name in one)


def test_clips_that_are_not_fit_are_listed_with_the_reason(tmp_path: Path) -> None:
    data = fma_tree.tree(tmp_path / "fma", per_genre=2)
    told = ["train", "features", "--data", str(data), "--out", str(tmp_path / "f.h5")]
    done = CliRunner().invoke(app, [*told, "--kind", "mfcc", "--clip-s", "1", "--jobs", "1"])
    assert done.exit_code == 0, done.output
    assert "6 clips are in" in done.stderr and "skipped 5" in done.stderr
    lines = [f"{why}\tfma_small/003/{n:06}.mp3" for n, why in fma_tree.unfit().items()]
    assert done.stdout.splitlines() == lines
    with h5py.File(tmp_path / "f.h5") as file:
        assert list(file["state"][:]) == [1] * 6 + [2] * 5
        assert file["reason"][7] == b"short"
        assert list(file["split"].asstr()[:2]) == ["train", "train"]


def test_a_clip_that_comes_back_is_heard_by_the_next_run(tmp_path: Path) -> None:
    rows = [{"file": f"{name}.flac", "genre": "Rock"} for name in ("here", "late")]
    data = table(tmp_path / "songs.csv", rows)
    write_tone(tmp_path / "here.flac")
    first = extract(data, tmp_path / "f.h5", SHORT, 1, silent)
    assert first == Summary(1, {"late.flac": "not-found"})
    write_tone(tmp_path / "late.flac")
    assert extract(data, tmp_path / "f.h5", SHORT, 1, silent) == Summary(2, {})


def test_a_killed_run_goes_on_and_loses_and_doubles_nothing(tmp_path: Path) -> None:
    music = library(tmp_path / "music", per_genre=40, seconds=1.2)
    out = tmp_path / "mel.h5"
    command = [sys.executable, "-m", "genretag_train", "features", "--data", str(music), "--out",
               str(out), "--clip-s", "1", "--jobs", "1"]  # fmt: skip
    counts = []
    for _ in range(2):
        run = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        wait_for(out, heard=1 + sum(counts[-1:]) + 5, run=run)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        counts.append(marks(out))
    assert 0 < counts[0] < counts[1]
    with h5py.File(out) as file:
        kept = file["features"][:][file["state"][:] == hdf5_store.HEARD]
    calls: list[tuple[int, int]] = []
    done = extract(music, out, SHORT, 1, lambda *told: calls.append(told))
    assert done == Summary(120, {}) and calls[0] == (counts[1], 120)
    features = stored(out)
    assert len(features) == 120 and len({found.tobytes() for found in features.values()}) == 120
    assert {found.tobytes() for found in kept} <= {found.tobytes() for found in features.values()}
    extract(music, tmp_path / "whole.h5", SHORT, 1, silent)
    whole = stored(tmp_path / "whole.h5")
    assert all((features[name] == whole[name]).all() for name in whole)


def marks(out: Path) -> int:
    with h5py.File(out, locking=False) as file:
        return int((file["state"][:] == hdf5_store.HEARD).sum())


def wait_for(out: Path, heard: int, run: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and run.poll() is None:
        if out.exists() and marks(out) >= heard:
            return
        time.sleep(0.02)


def test_a_file_of_something_else_is_left_alone(
    music: Path, extracted: Path, tmp_path: Path
) -> None:
    before = extracted.read_bytes()
    other = table(tmp_path / "songs.csv", [{"file": "a.flac", "genre": "Rock"}])
    with pytest.raises(UsageError, match=r"clip_s is 1\.0, not 2\.0"):
        extract(music, extracted, Recipe(clip_s=2.0), 1, silent)
    with pytest.raises(UsageError, match="other clips"):
        extract(other, extracted, SHORT, 1, silent)
    with pytest.raises(UsageError, match="no HDF5 file"):
        extract(music, music / "Hum" / "0.flac", SHORT, 1, silent)
    assert extracted.read_bytes() == before


def test_a_disk_that_is_too_small_is_told_before_the_work(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage._replace(free=100_000))
    with pytest.raises(RunError) as caught:
        extract(music, tmp_path / "f.h5", SHORT, 1, silent)
    assert caught.value.code == Code.DISK_FULL


def test_no_more_is_done_at_once_than_the_container_has_cores(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a machine with many: half a core's worth of time is what the control group leaves."""
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "cgroup").write_text("0::/\n")
    monkeypatch.setattr(resources, "_GROUPS", tmp_path)
    monkeypatch.setattr(resources, "_SELF", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    told: list[int] = []

    def noted(data: Path, out: Path, recipe: Recipe, jobs: int, progress: object) -> Summary:
        told.append(jobs)
        return Summary(0, {})

    monkeypatch.setattr(command, "extract", noted)
    result = CliRunner().invoke(app, ["train", "features", "--data", str(music)])
    assert result.exit_code == 0 and told == [1]
    threads = {
        thread for _, thread in map_threaded(lambda _: threading.get_ident(), range(50), silent)
    }
    assert len(threads) == 1
