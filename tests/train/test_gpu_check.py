"""train/gpu_check.sh, tried on the CPU: what a GPU measures with it, no test can know."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from genretag_train.nets import NETS

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "train" / "gpu_check.sh"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs Bash and fork")


def check(*options: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *options], capture_output=True, text=True, check=False)


def read_rows(text: str) -> dict[str, list[list[str]]]:
    """The rows of each table by its title, without its head."""
    return {
        title: [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]
        for title, table in re.findall(r"^### (.+)\n\n((?:\|.*\n)+)", text, re.MULTILINE)
    }


def test_the_check_runs_without_a_gpu_and_says_what_it_is_not(tmp_path: Path) -> None:
    out = tmp_path / "check.md"
    # A busy machine may need more than the minute that is usual.
    done = check("--device", "cpu", "--quick", "--minutes", "8", "--out", out)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "failed" not in out.read_text() and out.read_text() in done.stdout + "\n"
    tables = read_rows(out.read_text())
    assert "tiny" in dict(tables["Machine"])["sizes"]
    steps = tables["Steps of training"]
    assert {net for net, *_ in steps} == set(NETS) and all(float(row[3]) > 0 for row in steps)
    scores = tables["Scores beside those of ONNX Runtime on the CPU"]
    assert [row[-1] for row in scores if row[1] == "torch"] == ["yes"]
    assert {row[2] for row in scores if "CUDA" in row[1]} == {"not asked for: --device cpu"}


ODD = """
import os, subprocess, sys, time
import bench_gpu
from bench_gpu import Row, Section, main

def measure(check, name):
    if name == "raises":
        raise MemoryError("too much | for it")
    if name == "dies":
        os._exit(7)
    if name == "hangs":
        subprocess.run(["sleep", "600"])  # it must not outlive the check
    return Row((f"{name} done",), 2e-4 if name == "differs" else 0.0)

def make(title, share, *names):
    return Section(title, ("what", "is"), share, lambda check: [(n,) for n in names], measure)

bench_gpu.SECTIONS = (
    make("A", 0.5, "raises", "differs"), make("B", 0.5, "well", "dies", "later"),
    make("C", 0.01, "hangs", "later"), make("D", 0.5, "well"),
)
sys.argv += ["--device=cpu", "--quick", f"--until={time.time() + 60}"]
sys.exit(main())
"""


def test_what_fails_dies_or_hangs_is_a_row_and_scores_that_differ_fail_the_check(
    tmp_path: Path,
) -> None:
    out = tmp_path / "check.md"
    done = subprocess.run(
        [sys.executable, "-c", ODD, f"--out={out}"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests" / "bench")},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "differ by more than 0.0001" in done.stderr, done.stderr
    tables = read_rows(out.read_text())
    assert tables["A"] == [
        ["raises", "failed: MemoryError: too much / for it"],
        ["differs", "differs done"],
    ]
    died = "the process ended with 7"
    assert tables["B"] == [["well", "well done"], ["dies", died], ["later", died]]
    assert all(row[1].startswith("not reached in the") for row in tables["C"])
    assert tables["D"] == [["well", "well done"]]
    # Results go between these marks.
    page = (ROOT / "train" / "README.md").read_text("utf-8")
    assert page.index("<!-- gpu_check -->") < page.index("<!-- end of gpu_check -->")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--device", "tpu"], "--device is cuda or cpu, not tpu"),
        (["--minutes", "0"], "--minutes is a whole number"),
        (["--out"], "--out needs a value"),
        (["--slow"], "there is no option --slow"),
    ],
)
def test_a_bad_option_is_named(options: list[str], said: str) -> None:
    done = check(*options)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_without_a_gpu_the_check_says_so(tmp_path: Path) -> None:
    done = check("--out", tmp_path / "check.md")
    assert done.returncode == 3 and "no CUDA GPU" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options", [("--minutes", "99999999999999999999"), ("--out", "nowhere/at/all.md")]
)
def test_what_could_not_be_measured_or_written_is_refused_first(options: tuple[str, str]) -> None:
    done = check("--device", "cpu", "--quick", *options)
    assert done.returncode == 2 and options[0] in done.stderr
