"""What imported models of real sizes cost: python tests/bench/bench_imported.py.

Needs the extras `import` and `test`, and `pip install essentia`. Weights are random, songs made
by code; all figures are processor seconds of one run, shown as ratios to decoding a whole track.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

import essentia
import essentia.streaming as streaming
import numpy as np
import psutil
import published_models as published
from audio_files import RECIPES, encode

from genretag.audio.decode import read_excerpts
from genretag.audio.reference_sound import make_reference_sound
from genretag.domain.window import Excerpt
from genretag.inference.importing.build import PublishedModel, build_model
from genretag.inference.session import load
from genretag.inference.store import DEFAULT, list_bundled
from genretag.pipeline.score import predict

SONGS, MINUTES, ROUNDS = 4, 4, 3
RATE_HZ = 44100


def make_songs(folder: Path) -> list[Path]:
    sound = make_reference_sound(RATE_HZ, 60.0 * MINUTES)
    files = []
    for n in range(SONGS):
        turned = np.roll(sound, n * RATE_HZ)[None].repeat(2, 0)
        files.append(encode(folder / f"{n}.mp3", turned, RECIPES["MP3"]))
    return files


def decode(file: Path) -> None:
    for _ in read_excerpts(file, 16000, lambda duration_s: [Excerpt(0.0, duration_s)]):
        pass


def essentia_features(file: Path) -> None:
    """The spectrogram that Essentia's algorithm computes of a whole track for EffNet."""
    loader = streaming.MonoLoader(filename=str(file), sampleRate=16000)
    cutter = streaming.FrameCutter(frameSize=512, hopSize=256)
    mels, pool = streaming.TensorflowInputMusiCNN(), essentia.Pool()
    loader.audio >> cutter.signal
    cutter.frame >> mels.frame
    mels.bands >> (pool, "mels")
    essentia.run(loader)


def cost(work: Callable[[Path], object], files: list[Path]) -> float:
    """Processor seconds for a track: the median of rounds."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for file in files:
            work(file)
        found.append((time.process_time() - start) / len(files))
    return median(found)


def make_models(folder: Path) -> dict[str, Path]:
    nets = {
        "EffNet, batch of 64": (published.effnet(), 400, "TensorflowPredictEffnetDiscogs"),
        "EffNet, any batch": (published.effnet(batch="n"), 400, "TensorflowPredictEffnetDiscogs"),
        "MAEST, 30 s": (published.maest(), 519, "TensorflowPredictMAEST"),
    }
    models = {}
    for n, (name, (net, classes, algorithm)) in enumerate(nets.items()):
        entries = published.metadata(net, published.many_classes(classes), algorithm)
        file = published.save(folder, f"published-{n}", net, entries)
        models[name] = folder / f"model-{n}.onnx"
        given = PublishedModel(file, file.with_suffix(".json"))
        build_model(given, f"model-{n}", "MIT", {}, models[name])
    return models


def scan_cost(model: Path, files: list[Path]) -> float:
    """Processor seconds of a scan for a track, its start left out: 8 tracks against 40."""

    def scan(times: int) -> float:
        before = getrusage(RUSAGE_CHILDREN)
        folder = files[0].parent / f"library-{times}"
        folder.mkdir(exist_ok=True)
        for n in range(times * len(files)):
            shutil.copy(files[n % len(files)], folder / f"{n}.mp3")
        options = ("-n", "--no-cache", "-j2", "--by", "track", "--model", model)
        command = [sys.executable, "-m", "genretag", "scan", *options, folder]
        subprocess.run(command, capture_output=True, check=True)
        after = getrusage(RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return (scan(10) - scan(2)) / (8 * len(files))


def memory(model: Path, files: list[Path], jobs: int) -> str:
    """What a scan holds at most, all of its processes together, and its largest one."""
    options = ("-n", "--no-cache", f"-j{jobs}", "--policy", "replace", "--model", model)
    run = subprocess.Popen([sys.executable, "-m", "genretag", "scan", *options, *files],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    total = largest = 0
    while run.poll() is None:
        shares = []
        try:
            main = psutil.Process(run.pid)
            for process in (main, *main.children(recursive=True)):
                shares.append(process.memory_full_info().pss)
        except psutil.Error:
            continue
        total, largest = max(total, sum(shares)), max(largest, *shares)
        time.sleep(0.1)
    return f"{total / 1e6:,.0f} MB, {largest / 1e6:,.0f} MB of that in the largest process"


def main() -> None:
    essentia.log.warningActive = essentia.log.infoActive = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"GENRETAG_DATA_DIR": f"{name}/data", "GENRETAG_CACHE_DIR": f"{name}/cache"}
        files = make_songs(folder)
        models = make_models(folder)
        base = cost(decode, files)
        print(f"decoding {MINUTES} minutes of MP3: {base:.2f} s, which is 1.00")
        print(f"Essentia's spectrogram of the whole: {cost(essentia_features, files) / base:.2f}")
        for label, file in {"default model": list_bundled()[DEFAULT], **models}.items():
            model = load(file, "cpu")
            few = files[:1] if "MAEST" in label else files
            share = cost(lambda song, model=model: predict(song, model), few) / base
            print(f"{label}, alone: {share:.2f}")
            if "MAEST" not in label:
                print(f"{label}, in a scan -j2: {scan_cost(file, files) / base:.2f}")
            del model
        for label, file in models.items():
            for jobs in (1, 2, 4):
                print(f"{label}, scan -j{jobs}: {memory(file, files, jobs)}")


if __name__ == "__main__":
    main()
