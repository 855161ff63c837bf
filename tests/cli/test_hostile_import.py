"""`models import` of what hostile publishers offer: a coded refusal, soon, and nothing left."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import fake_hub
import hostile_files as hostile
import onnx
import published_models as published
import pytest
from audio_files import write_tone
from command import COMMAND
from fake_hub import FakeHub
from hostile_files import Graph
from rights import as_root

from genretag import tags
from genretag.inference.importing.build import PublishedModel, build_model

Run = Callable[..., "subprocess.CompletedProcess[str]"]

LONGEST_S = 20.0
MOST_BYTES = 1 << 30
"""Of the command, and of the process that it starts for the files."""
MEASURE = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as file:
    print(usage.ru_maxrss << 10, file=file)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs a command and writes the largest memory of it and its children: a process counts what the
one had that started it, so this one must be small."""
REPO = "someone/styles"


@dataclass(frozen=True)
class Ended:
    """A command that ended, the largest memory of it and its children, and the time it took."""

    code: int
    output: str
    errors: str
    peak_bytes: int
    seconds: float


@dataclass(frozen=True)
class Place:
    """Where a command may leave something."""

    folder: Path
    environment: dict[str, str]

    @property
    def left(self) -> list[str]:
        """All files that are neither published nor anything that every command makes."""
        own = (self.folder / name for name in ("data", "temp"))
        return [str(path.relative_to(self.folder)) for folder in own for path in folder.rglob("*")
                if not path.is_dir()]  # fmt: skip

    def start(
        self, *arguments: str | Path, before: tuple[str, ...] = (), **more: str
    ) -> "subprocess.Popen[bytes]":
        """Start a command that writes into files, as nobody reads while it runs."""
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            return subprocess.Popen(
                [*before, *COMMAND, *map(str, arguments)],
                env=self.environment | more, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=self.folder,
            )  # fmt: skip

    def wait(self, process: "subprocess.Popen[bytes]", began: float | None = None) -> Ended:
        """Wait for the end of a command; its memory is known where it was `run`."""
        peak = self.folder / "peak"
        code = process.wait()
        return Ended(
            code,
            (self.folder / "out").read_text(),
            (self.folder / "err").read_text(),
            int(peak.read_text()) if peak.exists() else 0,
            time.monotonic() - (began or time.monotonic()),
        )

    def run(self, *arguments: str | Path, **more: str) -> Ended:
        """Run a command and measure it."""
        began = time.monotonic()
        launcher = (sys.executable, "-S", "-c", MEASURE, str(self.folder / "peak"))
        return self.wait(self.start(*arguments, before=launcher, **more), began)


@pytest.fixture
def place(home: dict[str, str], tmp_path: Path) -> Place:
    (tmp_path / "temp").mkdir()
    return Place(tmp_path, home | {"TMPDIR": str(tmp_path / "temp")})


def save(folder: Path, graph: Graph, entries: bytes | None = None, name: str = "styles") -> Path:
    file = folder / "published" / f"{name}.onnx"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(graph.SerializeToString())
    content = json.dumps(hostile.entries()).encode() if entries is None else entries
    file.with_suffix(".json").write_bytes(content)
    return file


def refusal(place: Place, *arguments: str | Path, **more: str) -> str:
    """The message of an import that is refused as it should be."""
    ended = place.run("models", "import", "--accept-licence", *arguments, **more)
    print(f"{ended.peak_bytes >> 20} MB, {ended.seconds:.1f} s: {ended.errors}")
    assert ended.code in (2, 3), ended.errors
    *notes, message, hint = ended.errors.splitlines()
    assert all(note.startswith(("The licence of ", "Checking the files")) for note in notes)
    assert message.startswith("error: ") and hint.endswith(")") and "(" in hint
    for line in (message, hint, *notes):
        assert line.isprintable() and len(line) < 900
    assert ended.output == ""
    assert ended.seconds < LONGEST_S and ended.peak_bytes < MOST_BYTES
    assert place.left == []
    return f"{message} {hint}"


GRAPHS = ("a weight in another file", "a weight of 2^40 numbers", "an unknown operator",
          "an operator with control characters", "a cycle", "an output that nobody makes",
          "a batch of 2^30", "opset 10^9")  # fmt: skip
METADATA = ("100,000 classes", "a hundred thousand brackets", "a class that moves the cursor",
            "a citation with half a character", "an endless sample rate", "larger than 4 MB",
            "an unknown algorithm")  # fmt: skip
RUNNING = ("scores that are no numbers", "a constant of 2^32 numbers", "a million nodes",
           "its input expanded to 2^40", "scores that are texts")  # fmt: skip


@pytest.mark.parametrize("name", [*GRAPHS, *RUNNING])
def test_a_hostile_graph_is_refused(name: str, place: Place, tmp_path: Path) -> None:
    graphs = {**hostile.REFUSED_GRAPHS, **hostile.BOMBS, **hostile.LYING, **hostile.LARGE}
    assert "(model-invalid)" in refusal(place, save(tmp_path, graphs[name]()))


@pytest.mark.parametrize("name", METADATA)
def test_hostile_metadata_are_refused(name: str, place: Place, tmp_path: Path) -> None:
    file = save(tmp_path, published.small(), hostile.REFUSED_METADATA[name]())
    assert "(bad-metadata)" in refusal(place, file)


@pytest.mark.parametrize("kind", ["pipe", "zeros", "folder", "terminal"])
@pytest.mark.parametrize("suffix", [".onnx", ".json"])
@pytest.mark.parametrize("pinned", [False, True])
def test_what_is_no_file_is_refused(
    kind: str, suffix: str, pinned: bool, place: Place, tmp_path: Path
) -> None:
    file = save(tmp_path, published.small())
    digest = sha256(file.read_bytes()).hexdigest()
    hostile.replace_by(kind, file.with_suffix(suffix))
    refusal(place, file, *(["--sha256", digest] if pinned else []))


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/x", "CON", "nul.onnx", "a b", "", "x" * 300, "\x1b[2J", "a\nb", "..", ".hidden",
     "genretag-musicnn"],
)  # fmt: skip
def test_a_hostile_name_is_refused(name: str, place: Place, tmp_path: Path) -> None:
    file = save(tmp_path, published.small(), name="..\x1b[2J")
    assert "(bad-option)" in refusal(place, file, "--name", name)


def test_a_file_name_of_odd_bytes_is_no_matter(place: Place, tmp_path: Path) -> None:
    file = save(tmp_path, published.small())
    odd = file.with_name(os.fsdecode(b"\xff\x1b[2J.onnx"))
    file.rename(odd)
    file.with_suffix(".json").rename(odd.with_suffix(".json"))
    ended = place.run("models", "import", "--accept-licence", "--name", "styles", odd)
    assert ended.code == 0, ended.errors
    assert ended.output.replace("\n", "").isprintable()
    shown = place.run("models", "show", "styles")
    assert shown.code == 0 and shown.output.replace("\n", "").isprintable()


def _head_entries(head: Graph) -> bytes:
    described = published.metadata(head, algorithm="TensorflowPredict2D")
    return json.dumps(described).encode()


def _outside(head: Graph) -> Graph:
    tensor = head.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return head


HEADS: dict[str, Callable[[], tuple[Graph, Graph, bytes | None]]] = {
    "of another width": lambda: (published.small(), published.head(width=17), None),
    "that is no head": lambda: (
        published.small(), published.small(), json.dumps(hostile.entries()).encode()
    ),
    "that only says so": lambda: (published.small(), published.small(), None),
    "with weights outside": lambda: (published.small(), _outside(published.head()), None),
    "without embeddings": lambda: (hostile.loop(3), published.head(), None),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_does_not_fit_is_refused(name: str, place: Place, tmp_path: Path) -> None:
    base, head, entries = HEADS[name]()
    file = save(tmp_path, base, json.dumps(published.metadata(base)).encode())
    other = save(tmp_path, head, entries or _head_entries(head), name="head")
    refusal(place, file, "--head", other)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub.serving() as served:
        yield served


@pytest.mark.parametrize(
    "address",
    ["hf:a/b:../x.onnx", "hf:a/b:x//y.onnx", "hf:a/b:", "hf:a/b:/etc/passwd", "hf:a/b:./x.onnx",
     "hf:a/b:%2e%2e/x.onnx", "hf:../b:x.onnx", "hf:a/..:x.onnx", "hf:a/b@../../x:y.onnx",
     "hf:a/b@:x.onnx", "hf:a/b:..\\x.onnx", "hf:a/b:\x1b[2J.onnx", "hf:", "hf:a", "hf:a/b/c:x.onnx",
     f"hf:a/b:{'x' * 100_000}.onnx"],
)  # fmt: skip
def test_a_hostile_address_is_refused(address: str, place: Place, hub: FakeHub) -> None:
    hub.put("a/b", "main", {"x.onnx": b"", "x.json": b""})
    refusal(place, address, "--name", "styles", **hub.environment(place.folder / "hf"))


def test_other_bytes_than_their_digest_are_refused(
    place: Place, hub: FakeHub, tmp_path: Path
) -> None:
    file = save(tmp_path, published.small())
    files = {path.name: path.read_bytes() for path in (file, file.with_suffix(".json"))}
    hub.put(REPO, "main", files)
    environment = hub.environment(tmp_path / "hf")
    address = f"hf:{REPO}:styles.onnx"
    wrong = refusal(place, address, "--sha256", "0" * 64, **environment)
    assert "(wrong-digest)" in wrong
    hub.cut_after = 1000
    assert "(model-unreachable)" in refusal(place, address, **environment)


def test_an_archive_on_the_hub_is_not_unpacked(place: Place, hub: FakeHub) -> None:
    hub.put(REPO, "main", {"styles.onnx": b"PK\x03\x04" + bytes(100),
                           "styles.json": json.dumps(hostile.entries()).encode()})  # fmt: skip
    environment = hub.environment(place.folder / "hf")
    assert "(model-invalid)" in refusal(place, f"hf:{REPO}:styles.onnx", **environment)


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return list(map(int, found.stdout.split()))


@pytest.mark.skipif(shutil.which("ps") is None, reason="needs ps")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_broken_off_leaves_nothing(
    number: int, place: Place, tmp_path: Path
) -> None:
    file = save(tmp_path, hostile.loop(None))
    process = place.start("models", "import", "--accept-licence", file)
    staged: list[Path] = []
    while not (staged := list((tmp_path / "data").rglob("*.onnx.*"))):
        assert process.poll() is None, (tmp_path / "err").read_text()
        time.sleep(0.05)
    time.sleep(1.0)
    children = _children(process.pid)
    assert children and staged
    began = time.monotonic()
    process.send_signal(number)
    ended = place.wait(process)
    assert ended.code == 130 and time.monotonic() - began < 10
    assert "Traceback" not in ended.errors and place.left == []
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() - began < 10
        time.sleep(0.05)


@contextmanager
def mounted(disk: Path, options: str) -> Iterator[None]:
    """A file system of its own in a folder, for a while."""
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    if subprocess.run(command, check=False).returncode:
        pytest.skip("needs the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", disk], check=True)


@as_root
def test_a_full_disk_leaves_nothing(place: Place, tmp_path: Path) -> None:
    net = published.small(width=4096)
    file = save(tmp_path, net, json.dumps(published.metadata(net)).encode())
    with mounted(tmp_path / "data", "size=64k"):
        assert "(disk-full)" in refusal(place, file)


@as_root
def test_a_folder_that_may_not_be_written_is_said(place: Place, tmp_path: Path) -> None:
    with mounted(tmp_path / "data", "ro"):
        assert "(no-permission)" in refusal(place, save(tmp_path, published.small()))


def test_of_two_imports_of_one_name_one_is_there_whole(place: Place, tmp_path: Path) -> None:
    files = [save(tmp_path, published.small(seed=n), name=f"m{n}") for n in range(2)]
    commands = [place.start("models", "import", "--accept-licence", "--name", "styles", file)
                for file in files]  # fmt: skip
    assert [place.wait(command).code for command in commands] == [0, 0]
    assert [path.name for path in (tmp_path / "data" / "models").iterdir()] == ["styles.onnx"]
    assert place.run("models", "verify", "styles").code == 0


def ours(tmp_path: Path, graph: Graph, name: str = "ours", **entries: Any) -> Path:
    """A file with a manifest of genretag, whatever its graph does."""
    file = save(tmp_path, graph)
    built = tmp_path / f"{name}.onnx"
    build_model(PublishedModel(file, file.with_suffix(".json")), name, "MIT", {}, built)
    if entries:
        content = onnx.load(built)
        manifest = json.loads(content.metadata_props[0].value)
        content.metadata_props[0].value = json.dumps(manifest | entries)
        built.write_bytes(content.SerializeToString())
    return built


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("name", ["a constant of 2^32 numbers", "its input expanded to 2^40"])
def test_a_scan_refuses_a_hostile_model_before_it_opens_music(
    name: str, place: Place, music: Path, tmp_path: Path
) -> None:
    music.mkdir()
    song = write_tone(music / "song.flac", seconds=12.0)
    model = ours(tmp_path, hostile.BOMBS[name]())
    trace = tmp_path / "trace"
    done = subprocess.run(
        ["strace", "-f", "-e", "trace=open,openat", "-o", trace, *COMMAND,
         "scan", "--model", model, music],
        env=place.environment, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 3 and "(model-invalid)" in done.stderr, done.stderr
    assert "song.flac" not in trace.read_text() and song.exists()


def test_scores_that_are_no_numbers_are_not_written(
    place: Place, music: Path, tmp_path: Path
) -> None:
    music.mkdir()
    song = write_tone(music / "song.flac", seconds=12.0)
    before = song.read_bytes()
    model = ours(tmp_path, hostile.LYING["no numbers for loud music alone"]())
    ended = place.run("scan", "--threshold", "0", "--model", model, "--format", "jsonl", music)
    (row,) = map(json.loads, ended.output.splitlines())
    assert row["status"] == "failed" and "not finite" in row["error"]["message"]
    assert song.read_bytes() == before and not tags.read(song).genres


def test_what_a_manifest_says_cannot_act_on_the_terminal(place: Place, tmp_path: Path) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\u202e"
    model = ours(
        tmp_path, published.small(), description=evil, version=evil,
        licence=f"MIT{evil}", source={evil: evil},
    )  # fmt: skip
    for command in (("show",), ("verify",)):
        ended = place.run("models", *command, model)
        assert ended.code == 0, ended.errors
        assert (ended.output + ended.errors).replace("\n", "").isprintable()
