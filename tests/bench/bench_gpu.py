"""Measures what a GPU does for training and for scoring; train/gpu_check.sh runs it.

Each section has a share of the time and a process of its own, which is ended when that is up: a
row that fails or is not reached says so, and the others stand.
"""

import argparse
import gc
import multiprocessing
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import lightning
import numpy as np
import torch
from bench_training import GENRES, Way, made
from torch import nn

from genretag.domain.genre import GenreVocabulary
from genretag.domain.prediction import softmax
from genretag.inference import session, store
from genretag.inference.runtime import ort
from genretag_train.config import TrainConfig
from genretag_train.evaluation.markdown import render_table
from genretag_train.export.parity import TOLERANCE
from genretag_train.features.extraction import make_feature_spec
from genretag_train.nets import NETS
from genretag_train.nets.onnx_export import export_onnx, read_manifest, write_manifest
from genretag_train.training.learner import Learner

# What the study's runs share, with eight windows of a clip in an epoch, so that a pass is long.
STUDY = TrainConfig(window_s=30.0, batch_size=64, threads=8, crops=8, masks=2)
TINY = {"window_s": 1.0, "batch_size": 4, "hidden": 4, "rnn_hidden": 8, "threads": 1}
CHANNELS_2D = 32
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
UNTRAINED = "cnn2d_gru"
CUDA, NO_TF32, TORCH = "ONNX Runtime, CUDA", "ONNX Runtime, CUDA without TF32", "torch"


@dataclass(frozen=True)
class Check:
    """A device, whether only to see that the check works, and a folder with clips."""

    device: str
    quick: bool
    folder: Path

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 5

    @property
    def round_s(self) -> float:
        return 0.05 if self.quick else 1.0

    def configure(self, arch: str, precision: str, loaders: int = 0) -> TrainConfig:
        """The study's settings for a net."""
        hidden = CHANNELS_2D if arch.startswith("cnn2d") else STUDY.hidden
        ways = {"arch": arch, "precision": precision, "loaders": loaders, "hidden": hidden}
        return replace(STUDY, **(ways | TINY if self.quick else ways))

    def make_way(self, arch: str, precision: str, loaders: int = 0) -> Way:
        files = sorted(self.folder.glob("*.npy"))
        return Way(files, self.configure(arch, precision, loaders), self.device)


Case = tuple[str, ...]
"""The first cells of a row: what is measured."""


@dataclass(frozen=True)
class Row:
    """Measured cells, and the largest difference in probability, None where that is not judged."""

    cells: tuple[str, ...]
    gap: float | None = None


@dataclass(frozen=True)
class Section:
    """A table: what to measure, how, and what part of the time it may take."""

    title: str
    columns: tuple[str, ...]
    share: float
    cases: Callable[[Check], Sequence[Case]]
    measure: Callable[..., Row]


def median_s(step: Callable[[], None], wait: Callable[[], None], check: Check) -> float:
    """Seconds of a step in the median of rounds, after some to warm up."""
    for _ in range(3):
        step()
    wait()

    def time_round(steps: int) -> float:
        began = time.perf_counter()
        for _ in range(steps):
            step()
        wait()
        return (time.perf_counter() - began) / steps

    steps = max(1, round(check.round_s / time_round(1)))
    return statistics.median(time_round(steps) for _ in range(check.rounds))


def measure_machine(check: Check, fact: str) -> Row:
    return Row((FACTS[fact](check),))


def measure_steps(check: Check, arch: str, precision: str) -> Row:
    """Steps of training with augmentation, the way of a batch to the device included."""
    if check.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    way = check.make_way(arch, precision)
    batch = next(iter(way.loader))
    step_s = median_s(lambda: way.step(batch, 0), way.wait, check)
    memory = "not counted on a CPU"
    if check.device == "cuda":
        memory = f"{torch.cuda.max_memory_allocated() / 1e6:,.0f}"
    config = way.learner.config
    size, windows = str(config.hidden), f"{config.batch_size / step_s:,.0f}"
    return Row((size, f"{1 / step_s:.2f}", windows, memory))


def measure_compiled(check: Check, arch: str, precision: str) -> Row:
    """The same with torch.compile, beside steps without it in the same process."""
    plain, compiled = check.make_way(arch, precision), check.make_way(arch, precision)
    batch = next(iter(plain.loader))
    compiled.learner.net.compile()
    began = time.perf_counter()
    compiled.step(batch, 0)
    compiled.wait()
    first_s = time.perf_counter() - began
    before, after = (
        median_s(partial(way.step, batch, 0), way.wait, check) for way in (plain, compiled)
    )
    return Row((f"{first_s:.1f}", f"{1 / before:.2f}", f"{1 / after:.2f}", f"{before / after:.2f}"))


def measure_loaders(check: Check, arch: str, precision: str, loaders: str) -> Row:
    """Passes over the clips, each batch read and scaled anew."""
    way = check.make_way(arch, precision, int(loaders))
    way.measured(0)  # starts the processes and fills the page cache
    passes = [way.measured(epoch) for epoch in range(1, 2 if check.quick else 4)]
    step_s, wait_s = (
        statistics.median(getattr(one, name) for one in passes) for name in ("step_s", "wait_s")
    )
    windows = way.learner.config.batch_size / (step_s + wait_s)
    waiting = statistics.median(one.waiting for one in passes)
    return Row((f"{1000 * step_s:.1f}", f"{windows:,.0f}", f"{waiting:.1%}"))


def measure_scoring(check: Check, name: str, way: str) -> Row:
    """Probabilities of made windows, and their speed, beside those of the CPU path of a scan."""
    if obstacle := find_obstacle(check, way):
        return Row((obstacle,))
    net, file = export_model(check, name)
    model = session.load(file, "cpu", threads=os.cpu_count() or 1)
    spec = model.manifest
    windows = make_windows(
        16 if check.quick else 64,
        spec.front_end.count_frames(spec.n_samples),
        spec.front_end.n_mels,
    )
    score, on_cpu = SCORERS[way](check, file, net), partial(model.score, batch=2)
    gap = float(np.abs(score(windows) - on_cpu(windows)).max())
    step_s, cpu_s = (
        median_s(partial(run, windows), lambda: None, check) / len(windows)
        for run in (score, on_cpu)
    )
    equal = "yes" if gap <= TOLERANCE else f"NO, above {TOLERANCE:g}"
    # Without TF32 it is not what a scan does: it tells whether TF32 is the cause of a difference.
    counts = None if way == NO_TF32 else gap
    return Row((f"{gap:.1e}", f"{1 / step_s:,.0f}", f"{1 / cpu_s:,.0f}", equal), counts)


def make_windows(count: int, n_frames: int, n_mels: int) -> np.ndarray:
    """[count, n_frames, n_mels] in [0, 1], unlike each other, as noise alone would not be."""
    draw = np.random.default_rng(0).random
    shape = draw((count, 1, n_mels), np.float32) * draw((count, n_frames, 1), np.float32)
    return shape * draw((count, 1, 1), np.float32) ** 2


Scorer = Callable[[np.ndarray], np.ndarray]


def find_obstacle(check: Check, way: str) -> str:
    """Why there are no scores in this way; nothing if there are."""
    if way == TORCH:
        return ""
    if check.device != "cuda":
        return "not asked for: --device cpu"
    if not is_installed("onnxruntime-gpu"):
        return "onnxruntime-gpu is not installed"
    said: list[str] = []
    session.load(store.list_bundled()[store.DEFAULT], "cuda", said.append)
    return "onnxruntime-gpu cannot use CUDA: see `genretag doctor`" if said else ""


def score_by_torch(check: Check, file: Path, net: nn.Module) -> Scorer:
    torch.backends.cudnn.allow_tf32 = False
    net = net.eval().to(check.device)

    def score(windows: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            logits = net(torch.from_numpy(windows).to(check.device))
        return softmax(logits.cpu().numpy())

    return score


def score_as_scan(check: Check, file: Path, net: nn.Module | None) -> Scorer:
    return partial(session.load(file, "cuda").score, batch=64)


def score_without_tf32(check: Check, file: Path, net: nn.Module | None) -> Scorer:
    provider = (session.PROVIDERS["cuda"], {"use_tf32": "0"})
    opened = ort.InferenceSession(str(file), providers=[provider])
    return partial(replace(session.load(file, "cuda"), _open=lambda: opened).score, batch=64)


SCORERS: Mapping[str, Callable[..., Scorer]] = {
    CUDA: score_as_scan,
    NO_TF32: score_without_tf32,
    TORCH: score_by_torch,
}


def export_model(check: Check, name: str) -> tuple[nn.Module | None, Path]:
    """A net of the study's size and its file; of a bundled model the file alone."""
    bundled = store.list_bundled()
    if name in bundled:
        return None, bundled[name]
    config = check.configure(name, "32-true")
    torch.manual_seed(config.seed)
    net = Learner(config, GENRES, None).net
    with torch.no_grad():  # else an untrained net gives each genre nearly the same
        net.head[-1].weight.mul_(20.0)
    spec, file = make_feature_spec(config), check.folder / f"{name}.onnx"
    export_onnx(net, file, spec.n_frames, config.n_mels)
    manifest = read_manifest(bundled["genretag-cnn1d-lstm"])
    known = {"genres": GenreVocabulary(GENRES), "front_end": spec.front_end, "temperature": 1.0}
    write_manifest(file, replace(manifest, name=name, window=spec.window, **known))
    return net, file


def is_installed(package: str) -> bool:
    try:
        return bool(metadata.version(package))
    except metadata.PackageNotFoundError:
        return False


def name_card(check: Check) -> str:
    if check.device == "cpu":
        return f"none: the CPU, {platform.machine()}"
    card = torch.cuda.get_device_properties(0)
    return f"{card.name}, {card.total_memory / 2**30:.0f} GiB"


def ask_driver(check: Check) -> str:
    if check.device == "cpu":
        return "none"
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]


def name_libraries(check: Check) -> str:
    if check.device == "cpu":
        return "not used"
    return f"{torch.version.cuda}, {torch.backends.cudnn.version()}"


def describe_sizes(check: Check) -> str:
    if check.quick:
        return "tiny, which say nothing of speed: only that the check works"
    return (
        f"batches of {STUDY.batch_size} windows of {STUDY.window_s:g} s, {STUDY.n_mels} mel bands"
    )


FACTS: Mapping[str, Callable[[Check], str]] = {
    "card": name_card,
    "driver": ask_driver,
    "CUDA, cuDNN of torch": name_libraries,
    "torch, Lightning": lambda check: f"{torch.__version__}, {lightning.__version__}",
    "ONNX Runtime": lambda check: f"{ort.__version__}: {', '.join(ort.get_available_providers())}",
    "Python, cores": lambda check: f"{platform.python_version()}, {os.cpu_count()}",
    "sizes": describe_sizes,
}


def list_steps(check: Check) -> list[Case]:
    cases = [(arch, precision) for precision in PRECISIONS for arch in NETS]
    return cases[: len(NETS) + 1] if check.quick else cases


def list_compiled(check: Check) -> list[Case]:
    return [(arch, "bf16-mixed") for arch in (["cnn1d_gru"] if check.quick else NETS)]


def list_loaders(check: Check) -> list[Case]:
    numbers = (0, 1) if check.quick else (0, 2, 4, 6, 8, 12)
    return [("cnn1d_gru", "bf16-mixed", str(number)) for number in numbers]


def list_scoring(check: Check) -> list[Case]:
    models = (*store.list_bundled(), UNTRAINED)
    return [(UNTRAINED, TORCH), *((name, way) for way in (CUDA, NO_TF32) for name in models)]


SECTIONS = (
    Section("Machine", ("what", "is"), 0.1, lambda check: [(n,) for n in FACTS], measure_machine),
    Section(
        "Scores beside those of ONNX Runtime on the CPU",
        ("model", "by", "largest difference in probability", "windows/s", "on the CPU", "equal"),
        0.3, list_scoring, measure_scoring,
    ),
    Section(
        "Steps of training",
        ("net", "precision", "channels", "steps/s", "windows/s", "peak memory, MB"),
        0.35, list_steps, measure_steps,
    ),
    Section(
        "Loaders: reading beside training",
        ("net", "precision", "`--loaders`", "step, ms", "windows/s", "waiting for a batch"),
        0.18, list_loaders, measure_loaders,
    ),
    Section(
        "torch.compile",
        ("net", "precision", "first step, s", "steps/s without", "steps/s with", "gain"),
        0.25, list_compiled, measure_compiled,
    ),
)  # fmt: skip


def run_rows(section: Section, check: Check, out: Connection) -> None:
    """Measure in a process of its own, and send each row as it is known."""
    os.setpgrp()  # so that what it starts can be ended with it
    warnings.simplefilter("ignore")  # Lightning's, that no trainer keeps what a step logs
    torch.set_num_threads(min(os.cpu_count() or 1, 1 if check.quick else STUDY.threads))
    torch.use_deterministic_algorithms(True, warn_only=True)  # as training does
    for case in section.cases(check):
        try:
            row = section.measure(check, *case)
        except Exception as error:  # noqa: BLE001 - whatever fails is a row
            lines = str(error).strip().splitlines() or [""]
            row = Row((f"failed: {type(error).__name__}: {lines[0][:150]}".replace("|", "/"),))
        gc.collect()  # what a failed row held
        if check.device == "cuda":
            torch.cuda.empty_cache()
        out.send((case, row))
    out.close()


def run_section(section: Section, check: Check, most_s: float) -> Iterator[tuple[Case, Row]]:
    """Yield the row of each case: measured, failed, or not reached."""
    context = multiprocessing.get_context("fork")  # importing torch anew takes seconds
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=run_rows, args=(section, check, sender))
    end = time.monotonic() + most_s
    process.start()
    sender.close()
    left, reason = list(section.cases(check)), f"not reached in the {most_s:.0f} s of this section"
    try:
        while left and receiver.poll(max(0.0, end - time.monotonic())):
            yield receiver.recv()
            del left[0]
    except EOFError:
        process.join()
        reason = f"the process ended with {process.exitcode}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()
    yield from ((case, Row((reason,))) for case in left)


def render(section: Section, rows: Sequence[tuple[Case, Row]]) -> str:
    """A heading and a table; rows that lack cells get empty ones."""
    width = len(section.columns)
    filled = [[*case, *row.cells, *[""] * width][:width] for case, row in rows]
    return f"### {section.title}\n\n{render_table(section.columns, filled)}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--until", type=float, required=True, help="seconds since 1970")
    asked = parser.parse_args()
    gaps: list[float] = []
    parts: list[str] = []
    with TemporaryDirectory(prefix="gpu-check-") as folder:
        list(made(Path(folder), *((8, 2.0) if asked.quick else (256, STUDY.window_s + 1))))
        check = Check(asked.device, asked.quick, Path(folder))
        for place, section in enumerate(SECTIONS):
            # What the earlier ones have left over is shared out anew.
            share = section.share / sum(later.share for later in SECTIONS[place:])
            rows = list(run_section(section, check, share * max(0.0, asked.until - time.time())))
            gaps += [row.gap for _, row in rows if row.gap is not None]
            parts.append(render(section, rows))
            print(parts[-1], flush=True)
            asked.out.write_text("\n".join(parts), encoding="utf-8")
    if not gaps:
        print("No scores were compared: give more --minutes, or see the rows.", file=sys.stderr)
    elif max(gaps) > TOLERANCE:
        print(f"Scores differ by more than {TOLERANCE:g} in probability.", file=sys.stderr)
    return 0 if gaps and max(gaps) <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
