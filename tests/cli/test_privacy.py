"""Nothing leaves the machine, and nothing is left on it beside genretag's own files."""

import sys
from collections.abc import Iterator
from pathlib import Path

import fake_hub
import pytest
import toy_model
from audio_files import write_tone
from tracing import Machine, untraceable

from genretag.library import journal

GENRETAG = (sys.executable, "-m", "genretag")

COMMANDS = {
    "scan": ("scan", "--threshold", "0", "MUSIC"),
    "scan on one core": ("scan", "-n", "--jobs", "1", "--no-cache", "MUSIC"),
    "plan": ("scan", "--plan", "PLAN", "MUSIC"),
    "inspect": ("inspect", "SONG"),
    "inspect --plot": ("inspect", "--plot", "PICTURE", "SONG"),
    "report": ("report", "MUSIC", "-o", "PAGE"),
    "evaluate": ("evaluate", "MUSIC"),
    "doctor": ("doctor",),
    "models list": ("models", "list"),
    "models show": ("models", "show"),
    "models verify": ("models", "verify"),
    "undo": ("undo",),
    "history": ("history",),
    "cache stats": ("cache", "stats"),
    "config show": ("config", "show"),
}
LIBRARY = {
    "genretag": "import genretag.inference.session",
    "a scan": "import genretag.pipeline.scan, genretag.executors.ray",
    "training": "import genretag_train.nets.onnx_export, genretag_train.export.precision, "
    "genretag_train.plots.pictures",
    "ONNX Runtime": "from genretag.inference.runtime import ort",
}

traceable = pytest.mark.skipif(bool(untraceable()), reason=untraceable())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (home := tmp_path / "home").mkdir()
    return Machine(home)


@pytest.fixture
def names(tmp_path: Path) -> dict[str, Path]:
    """Return what the words in capitals stand for."""
    (music := tmp_path / "music").mkdir()
    song = write_tone(music / "a.flac", seconds=12)
    write_tone(music / "b.mp3", seconds=12)
    files = {name: tmp_path / name.lower() for name in ("PLAN", "PAGE")}
    return {"MUSIC": music, "SONG": song, "PICTURE": tmp_path / "a.png", **files}


@pytest.fixture
def hub() -> Iterator[fake_hub.FakeHub]:
    with fake_hub.serving() as found:
        yield found


@traceable
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_open_no_connection(command: str, machine: Machine, names) -> None:
    trace = machine.traced(*GENRETAG, *(names.get(word, word) for word in COMMANDS[command]))
    assert trace.sockets == []


@traceable
def test_who_runs_for_long_opens_no_connection_either(machine: Machine) -> None:
    """ONNX Runtime, where it reports, begins some ten seconds after it was imported."""
    code = """
import time
from genretag.inference import session, store
session.load(store.list_bundled()[store.DEFAULT])
time.sleep(15)
"""
    assert machine.traced(sys.executable, "-c", code).sockets == []


def test_commands_leave_only_their_own_files_at_home(machine: Machine, names) -> None:
    for command in COMMANDS.values():
        machine.run(*GENRETAG, *(names.get(word, word) for word in command))
        assert machine.foreign == [], command
    names = {Path(file).name for file in machine.files}
    assert {"heard.sqlite3", journal.FILE} <= names


@pytest.mark.parametrize("code", LIBRARY.values(), ids=LIBRARY)
def test_importing_the_package_leaves_nothing_at_home(code: str, machine: Machine) -> None:
    # What numba and matplotlib keep, they keep in genretag's cache.
    machine.run(sys.executable, "-c", code)
    assert machine.foreign == []


@traceable
def test_the_trace_sees_whoever_calls_out(machine: Machine) -> None:
    """Else the tests above would prove nothing: threads and processes are seen too."""
    asks = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 9))"
    for code in (
        asks,
        f"import threading; threading.Thread(target=exec, args=({asks!r},)).start()",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {asks!r}])",
    ):
        trace = machine.traced(sys.executable, "-c", code)
        assert len(trace.sockets) == 1 and len(trace.talk) == 1
    unix = "import socket; socket.socketpair()"
    assert machine.traced(sys.executable, "-c", unix).sockets == []


def test_libraries_stay_silent_whatever_the_environment_says(machine: Machine) -> None:
    asked = {"ORT_DISABLE_TELEMETRY": "0", "HF_HUB_DISABLE_TELEMETRY": "0"}
    code = (
        "import genretag.inference.runtime, time;"
        "from huggingface_hub import constants; print(constants.HF_HUB_DISABLE_TELEMETRY)"
    )
    assert machine.run(sys.executable, "-c", code, **asked).stdout == "True\n"
    assert machine.foreign == []


def test_ray_and_weights_and_biases_report_nothing(machine: Machine) -> None:
    pytest.importorskip("ray")
    pytest.importorskip("wandb")
    code = """
import genretag
from ray._common.usage.usage_lib import usage_stats_enabled
from wandb.env import error_reporting_enabled
print(usage_stats_enabled(), error_reporting_enabled())
"""
    shown = machine.run(sys.executable, "-c", code, RAY_USAGE_STATS_ENABLED="1").stdout
    assert shown == "False False\n"


def test_a_cluster_leaves_at_home_only_the_token_by_which_its_parts_know_each_other(
    machine: Machine, names
) -> None:
    pytest.importorskip("ray")
    scan = ("scan", "-n", "--engine", "ray", "--format", "jsonl", names["MUSIC"])
    done = machine.run(*GENRETAG, *scan)
    assert '"windows": ' in done.stdout and '"failed"' not in done.stdout
    assert machine.foreign in ([], [".ray/auth_token"])


def test_the_hub_is_asked_for_the_model_and_nothing_else(
    machine: Machine, hub: fake_hub.FakeHub, tmp_path: Path
) -> None:
    model = toy_model.save(tmp_path / "toy.onnx").read_bytes()
    hub.put("someone/toy", "main", {"model.onnx": model})
    machine.run(*GENRETAG, "models", "pull", "hf:someone/toy", HF_ENDPOINT=hub.url)
    assert hub.asked and all("/someone/toy/resolve/main/model.onnx" in path for path in hub.asked)
    assert not any("torch" in agent for agent in hub.agents)
    assert machine.foreign == []
