"""The store of features: what `train features` computes is what `train` reads."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import fma_tree
import numpy as np
import pytest
from audio_files import RECIPES, encode, tone, write_tone
from commands import done
from toy_music import library, run, table
from typer.testing import CliRunner

from genretag.cli.app import app
from genretag.errors import Code, RunError
from genretag.library import resources
from genretag_train.config import TrainConfig
from genretag_train.data.dataset import Clip, read_clips
from genretag_train.features import store
from genretag_train.features.extraction import (
    Skipped,
    compute_power,
    extract_windows,
    make_feature_spec,
)
from genretag_train.features.store import FeatureStore
from genretag_train.progress import map_threaded

SPEC = make_feature_spec(TrainConfig(clip_s=1.0, window_s=0.5))


def ignore(done: int, total: int) -> None:
    pass


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips of 1.2 s in each of three genres."""
    return library(tmp_path_factory.mktemp("music"), per_genre=4, seconds=1.2)


@pytest.fixture(scope="module")
def clips(music: Path) -> list[Clip]:
    return read_clips(music)


@pytest.fixture(scope="module")
def filled(clips: list[Clip], tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    """The power and the windows of all clips."""
    found = FeatureStore(tmp_path_factory.mktemp("features"), SPEC, jobs=1)
    usable, skipped = found.add_power(clips, ignore)
    assert [clip for clip, _ in usable] == clips and not skipped
    found.add_windows(clips, ignore)
    return found


def test_thirty_seconds_are_1292_frames_of_128_mels(tmp_path: Path) -> None:
    clip = write_tone(tmp_path / "a.mp3", seconds=30.5)
    power = compute_power(clip, make_feature_spec(TrainConfig()))
    assert not isinstance(power, str)
    assert (power.shape, power.dtype) == ((1292, 128), np.float16)


def test_a_clip_that_is_shorter_than_a_window_is_repeated(tmp_path: Path) -> None:
    clip = write_tone(tmp_path / "a.flac", seconds=2.0)
    power = compute_power(clip, make_feature_spec(TrainConfig(window_s=4.0)))
    assert not isinstance(power, str) and len(power) == 1 + 4 * 22050 // 512
    np.testing.assert_allclose(power[10:70].mean(0), power[100:160].mean(0), atol=0.1)


def test_stored_windows_are_those_of_scan(clips: list[Clip], filled: FeatureStore) -> None:
    for clip, windows in zip(clips, filled.add_windows(clips, ignore), strict=True):
        np.testing.assert_array_equal(windows, extract_windows(clip.path, SPEC))


def test_a_clip_without_windows_is_not_audible(tmp_path: Path) -> None:
    rows = [{"file": f"{name}.flac", "genre": "Rock"} for name in ("loud", "silent")]
    found = read_clips(table(tmp_path / "songs.csv", rows))
    encode(tmp_path / "loud.flac", tone(1.2), RECIPES["FLAC"])
    encode(tmp_path / "silent.flac", np.zeros((1, 44100), np.float32), RECIPES["FLAC"])
    windows = FeatureStore(tmp_path / "f", SPEC, jobs=1).add_windows(found, ignore)
    assert windows.find_audible() == [0]
    assert [len(clip) > 0 for clip in windows] == [True, False]


def test_several_processes_compute_what_one_does(
    clips: list[Clip], filled: FeatureStore, tmp_path: Path
) -> None:
    two = FeatureStore(tmp_path, SPEC, jobs=2)
    two.add_power(clips, ignore)
    two.add_windows(clips, ignore)
    assert contents(tmp_path) == contents(filled.folder) and len(contents(tmp_path)) == 24


def test_features_of_other_settings_are_kept_apart(clips: list[Clip], filled: FeatureStore) -> None:
    before = contents(filled.folder)
    other = FeatureStore(filled.folder, make_feature_spec(TrainConfig(window_s=1.0)), jobs=1)
    [(_, file)], _ = other.add_power(clips[:1], ignore)
    assert file.name not in before and before.items() <= contents(filled.folder).items()


def test_clips_that_are_not_fit_are_listed_with_the_reason(tmp_path: Path) -> None:
    data = fma_tree.tree(tmp_path / "fma")
    options = ["--data", str(data), "--out", str(tmp_path / "features"), "--min-tracks", "4"]
    shown = CliRunner().invoke(app, ["train", "features", *options, "--jobs", "1"])
    assert shown.exit_code == 0, shown.output
    assert "24 clips are in" in shown.stderr and "skipped 5" in shown.stderr
    lines = [f"{why}\tfma_small/009/{n:06}.mp3" for n, why in fma_tree.unfit().items()]
    assert shown.stdout.splitlines() == lines


def test_clips_are_listed_also_where_too_few_are_fit_to_train(tmp_path: Path) -> None:
    data = table(tmp_path / "songs.csv", [{"file": "none.flac", "genre": "Rock"}])
    shown = CliRunner().invoke(app, ["train", "features", "--data", str(data), "--out",
                                     str(tmp_path / "features")])  # fmt: skip
    assert shown.exit_code == 3 and shown.stdout == "not-found\tnone.flac\n"


def test_a_clip_that_comes_back_is_used_by_the_next_run(tmp_path: Path) -> None:
    rows = [{"file": f"{name}.flac", "genre": "Rock"} for name in ("here", "late")]
    clips = read_clips(table(tmp_path / "songs.csv", rows))
    features = FeatureStore(tmp_path / "features", SPEC, jobs=1)
    write_tone(tmp_path / "here.flac")
    usable, skipped = features.add_power(clips, ignore)
    assert [clip for clip, _ in usable] == clips[:1]
    assert skipped == [Skipped("late.flac", "not-found")]
    write_tone(tmp_path / "late.flac")
    usable, skipped = features.add_power(clips, ignore)
    assert [clip for clip, _ in usable] == clips and not skipped


def test_a_clip_that_never_ends_is_skipped_and_the_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"file": f"{name}.flac", "genre": "Rock"} for name in ("endless", "good")]
    clips = read_clips(table(tmp_path / "songs.csv", rows))
    os.mkfifo(tmp_path / "endless.flac")
    write_tone(tmp_path / "good.flac")
    monkeypatch.setattr(store, "TIMEOUT_S", 5.0)
    usable, skipped = FeatureStore(tmp_path / "f", SPEC, jobs=1).add_power(clips, ignore)
    assert [clip.name for clip, _ in usable] == ["good.flac"]
    assert [clip.name for clip in skipped] == ["endless.flac"]


def test_after_features_a_run_computes_nothing_anew(tmp_path: Path) -> None:
    """Were a clip decoded again, it would be found to be rubbish now."""
    music = library(tmp_path / "music", per_genre=10)
    small = {"window_s": 1.0, "epochs": 2}
    run(music, tmp_path / "whole", tmp_path / "cache", **small)
    done("features", "--data", music, "--out", tmp_path / "features", "--window-s", 1)
    before = contents(tmp_path / "features")
    for clip in music.glob("*/*"):
        state = clip.stat()
        clip.write_bytes(b"x" * state.st_size)
        os.utime(clip, ns=(state.st_atime_ns, state.st_mtime_ns))
    run(music, tmp_path / "run", tmp_path / "features", **small)
    assert contents(tmp_path / "features") == before == contents(tmp_path / "cache")
    for name in ("curves.csv", "model.onnx"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_killed_run_goes_on_and_loses_and_doubles_nothing(tmp_path: Path) -> None:
    music = library(tmp_path / "music", per_genre=40, seconds=1.2)
    clips, out = read_clips(music), tmp_path / "features"
    command = [sys.executable, "-m", "genretag_train", "features", "--data", str(music), "--out",
               str(out), "--clip-s", "1", "--window-s", "0.5", "--jobs", "1"]  # fmt: skip
    counts = [0]
    for _ in range(2):
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        wait_for(out, counts[-1] + 5, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        counts.append(len(list(out.glob("*.npy"))))
    assert 0 < counts[1] < counts[2] < 120
    kept = {file.name: file.stat().st_mtime_ns for file in out.glob("*.npy")}
    calls: list[tuple[int, int]] = []
    usable, _ = FeatureStore(out, SPEC, jobs=1).add_power(clips, lambda *call: calls.append(call))
    assert calls[0] == (counts[2], 120) and calls[-1] == (120, 120)
    assert all((out / name).stat().st_mtime_ns == when for name, when in kept.items())
    assert len({file.read_bytes() for _, file in usable}) == 120
    whole = FeatureStore(tmp_path / "whole", SPEC, jobs=1)
    whole.add_power(clips, ignore)
    assert contents(whole.folder).items() <= contents(out).items()


def wait_for(out: Path, n_files: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 180
    while len(list(out.glob("*.npy"))) < n_files:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)


def test_a_disk_that_is_too_small_is_told_before_the_work(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage._replace(free=100_000))
    with pytest.raises(RunError) as caught:
        done("features", "--data", music, "--out", tmp_path / "features", "--clip-s", 1)
    assert caught.value.code == Code.DISK_FULL
    assert not list((tmp_path / "features").iterdir())


def test_a_disk_that_fills_up_ends_the_run(
    clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is gone stands for it: both are errors of writing in a worker."""
    features = FeatureStore(tmp_path / "features", SPEC, jobs=1)
    with pytest.raises(RunError) as caught:
        features.add_power(clips, lambda done, total: shutil.rmtree(features.folder, True))
    assert caught.value.code == Code.OUTPUT_FAILED


def test_no_more_is_done_at_once_than_the_container_has_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a machine with many: half a core's worth of time is what the control group leaves."""
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "cgroup").write_text("0::/\n")
    monkeypatch.setattr(resources, "_GROUPS", tmp_path)
    monkeypatch.setattr(resources, "_SELF", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert FeatureStore(tmp_path, SPEC).jobs == 1
    threads = {
        thread for _, thread in map_threaded(lambda _: threading.get_ident(), range(50), ignore)
    }
    assert len(threads) == 1


def test_work_on_many_items_is_not_far_ahead_of_who_takes_the_results() -> None:
    begun = []
    pairs = iter(map_threaded(begun.append, range(10_000), ignore))
    next(pairs)
    time.sleep(0.2)  # in which all of it could be done
    assert len(begun) < 100 * resources.count_cores()
    assert [item for item, _ in pairs] == list(range(1, 10_000)) and len(begun) == 10_000


def test_an_error_ends_work_on_many_items() -> None:
    begun = []

    def fail(item: int) -> None:
        begun.append(item)
        raise KeyError(item)

    with pytest.raises(KeyError, match="0"):
        list(map_threaded(fail, range(10_000), ignore))
    assert len(begun) < 100 * resources.count_cores()
