import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from data_server import Manners, served
from typer.testing import CliRunner

from genretag.cli.app import app
from genretag.errors import Code, RunError, UsageError
from genretag_train.data import download
from genretag_train.data.fetch import Archive, fetch, fetch_from_hub, find_archive

SONG = np.random.default_rng(1).bytes(400_000)
MEMBERS = {"songs/000/000002.mp3": SONG, "songs/readme.txt": b"Two files"}


def zipped(members: dict[str, bytes]) -> bytes:
    """A ZIP archive, compressed as FMA's are."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return packed.getvalue()


CONTENT = zipped(MEMBERS)
PART = "songs.zip.part"


@pytest.fixture
def server() -> Iterator[Manners]:
    with served(CONTENT) as manners:
        yield manners


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)


def quiet(step: str) -> Callable[[int, int], None]:
    return lambda done, of: None


def get(server: Manners, out: Path, keep: bool = False) -> Path:
    sha1 = hashlib.sha1(server.content).hexdigest()
    return fetch(find_archive("songs", server.url, sha1), out, quiet, keep)


def unpacked(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".fetched")
    return {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in files}


def failure(server: Manners, out: Path) -> RunError:
    with pytest.raises(RunError) as caught:
        get(server, out)
    assert not (out / "songs.zip").exists()
    return caught.value


def test_an_archive_is_fetched_checked_unpacked_and_removed(
    server: Manners, tmp_path: Path
) -> None:
    folder = get(server, tmp_path / "new" / "folder")
    assert folder == tmp_path / "new" / "folder" / "songs"
    assert unpacked(folder) == MEMBERS
    assert [path.name for path in folder.parent.iterdir()] == ["songs"]


def test_what_is_there_is_not_fetched_again(server: Manners, tmp_path: Path) -> None:
    get(server, tmp_path)
    get(server, tmp_path)
    assert len(server.asked) == 1


def test_a_kept_archive_is_unpacked_again_without_a_download(
    server: Manners, tmp_path: Path
) -> None:
    folder = get(server, tmp_path, keep=True)
    (folder / ".fetched").unlink()
    (folder / "readme.txt").write_bytes(b"Two")
    assert unpacked(get(server, tmp_path, keep=True)) == MEMBERS
    assert len(server.asked) == 1


def test_a_lost_connection_goes_on_where_it_was_cut(server: Manners, tmp_path: Path) -> None:
    server.cuts = [200_000, 100_000]
    assert unpacked(get(server, tmp_path)) == MEMBERS
    first, *rest = server.asked
    starts = [int(str(wanted)[6:-1]) for wanted in rest]
    assert first is None and len(starts) == 2
    assert 0 < starts[0] <= 200_000 < starts[1] <= 300_000


def test_another_run_goes_on_where_one_gave_up(server: Manners, tmp_path: Path) -> None:
    server.cuts = [150_000] + [0] * 5
    assert failure(server, tmp_path).code == Code.DATA_UNREACHABLE
    kept = (tmp_path / PART).stat().st_size
    assert 0 < kept <= 150_000 and not (tmp_path / "songs").exists()
    assert unpacked(get(server, tmp_path)) == MEMBERS
    assert server.asked[-1] == f"bytes={kept}-"


def test_a_server_without_ranges_is_asked_for_the_whole_again(
    server: Manners, tmp_path: Path
) -> None:
    server.ranges = False
    server.cuts = [200_000]
    assert unpacked(get(server, tmp_path)) == MEMBERS


def test_a_server_without_ranges_that_always_cuts_is_given_up(
    server: Manners, tmp_path: Path
) -> None:
    server.ranges = False
    server.cuts = [100_000, 200_000] * 20
    assert failure(server, tmp_path).code == Code.DATA_UNREACHABLE
    assert len(server.asked) < 10


def test_a_part_that_is_whole_is_only_checked(server: Manners, tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(CONTENT)
    assert unpacked(get(server, tmp_path)) == MEMBERS
    assert server.asked == [f"bytes={len(CONTENT)}-"]


def test_a_part_longer_than_the_file_is_thrown_away(server: Manners, tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(CONTENT + b"more")
    assert unpacked(get(server, tmp_path)) == MEMBERS


def test_a_wrong_checksum_unpacks_nothing_and_keeps_nothing(
    server: Manners, tmp_path: Path
) -> None:
    wrong = find_archive("songs", server.url, "0" * 40)
    with pytest.raises(RunError, match="SHA-1") as caught:
        fetch(wrong, tmp_path, quiet)
    assert caught.value.code == Code.BAD_DATASET
    assert list(tmp_path.iterdir()) == []


def test_a_part_of_another_file_is_found_out(server: Manners, tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(b"x" * 1000)
    assert failure(server, tmp_path).code == Code.BAD_DATASET
    assert unpacked(get(server, tmp_path)) == MEMBERS


def test_an_absent_file_is_not_asked_for_twice(server: Manners, tmp_path: Path) -> None:
    server.statuses = [404] * 9
    error = failure(server, tmp_path)
    assert error.code == Code.DATA_UNREACHABLE and "404" in error.message
    assert len(server.asked) == 1


def test_a_busy_server_is_asked_again(server: Manners, tmp_path: Path) -> None:
    server.statuses = [503, 429]
    assert unpacked(get(server, tmp_path)) == MEMBERS


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with served(b"") as gone:
        pass
    error = failure(gone, tmp_path)
    assert error.code == Code.DATA_UNREACHABLE and gone.url in error.message


@pytest.mark.parametrize("length", [True, False], ids=["known length", "unknown length"])
def test_a_full_disk_keeps_what_came(
    server: Manners, small_disk: Path, tmp_path: Path, length: bool
) -> None:
    server.length = length
    error = failure(server, small_disk)
    assert error.code == Code.DISK_FULL and error.exit_code == 3
    assert not (small_disk / "songs").exists()
    if not length:
        assert (small_disk / PART).stat().st_size > 100_000
        shutil.copy(small_disk / PART, tmp_path)
        assert unpacked(get(server, tmp_path)) == MEMBERS


def test_a_disk_too_small_to_unpack_on_keeps_the_archive(small_disk: Path) -> None:
    with served(zipped({"songs/zeros": bytes(3_000_000)})) as large:
        sha1 = hashlib.sha1(large.content).hexdigest()
        with pytest.raises(RunError) as caught:
            fetch(find_archive("songs", large.url, sha1), small_disk, quiet)
    assert caught.value.code == Code.DISK_FULL
    assert (small_disk / "songs.zip").exists() and unpacked(small_disk / "songs") == {}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    with suppress(FileNotFoundError):
        if os.name == "posix" and subprocess.run(command, capture_output=True).returncode == 0:
            yield folder
            subprocess.run(["umount", str(folder)], check=True)
            return
    pytest.skip("a small file system can be made by root on Linux alone")


def test_an_archive_without_its_own_folder_gets_one(tmp_path: Path) -> None:
    with served(zipped({"a.mp3": b"A", "deep/b.mp3": b"B"})) as server:
        assert unpacked(get(server, tmp_path)) == {"songs/a.mp3": b"A", "songs/deep/b.mp3": b"B"}


@pytest.mark.parametrize("content", [b"no archive", zipped({"../evil": b"!"}), CONTENT[:-9]])
def test_an_archive_that_cannot_be_trusted_is_refused(content: bytes, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with served(content) as server, pytest.raises(RunError, match="cannot be unpacked") as caught:
        get(server, out)
    assert caught.value.code == Code.BAD_DATASET
    assert unpacked(out / "songs") == {} and not (tmp_path / "evil").exists()


def test_known_archives_need_no_address_and_others_do() -> None:
    known = find_archive("fma_large")
    assert known.url == "https://os.unil.cloud.switch.ch/fma/fma_large.zip"
    assert find_archive("fma_large", "http://here/x.zip") == Archive(
        "fma_large", "http://here/x.zip", known.sha1
    )
    for wrong in (("songs",), ("songs", "http://here"), ("songs", None, "0" * 40)):
        with pytest.raises(UsageError, match="'songs'"):
            find_archive(*wrong)
    for name, sha1 in (("../songs", "0" * 40), ("songs", "12")):
        with pytest.raises(UsageError):
            find_archive(name, "http://here", sha1)


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    for url in ("here.zip", "gopher://here/songs.zip"):
        with pytest.raises(UsageError, match="no address"):
            fetch(find_archive("songs", url, "0" * 40), tmp_path, quiet)
    with pytest.raises(UsageError, match="no data set on the Hub"):
        fetch_from_hub("hf:songs", tmp_path)


def test_the_command_names_the_folder_and_the_error(server: Manners, tmp_path: Path) -> None:
    sha1 = hashlib.sha1(CONTENT).hexdigest()
    told = ["train", "fetch", "songs", "--url", server.url, "--out", str(tmp_path)]
    done = CliRunner().invoke(app, [*told, "--sha1", sha1])
    assert (done.exit_code, done.stdout.strip()) == (0, str(tmp_path / "songs"))
    failed = CliRunner().invoke(app, [*told, "--sha1", "0" * 40])
    assert failed.exit_code == 3 and "bad-dataset" in failed.stderr


COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """The part of the Hub that a data set needs: one repository with one file."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self, body: bool) -> None:
        files = [{"type": "file", "path": "a/song.mp3", "size": len(SONG), "oid": "1" * 40}]
        repo = {"id": "someone/songs", "sha": COMMIT, "siblings": [{"rfilename": "a/song.mp3"}]}
        answers = {
            "/api/datasets/someone/songs/revision/main": json.dumps(repo).encode(),
            f"/api/datasets/someone/songs/tree/{COMMIT}": json.dumps(files).encode(),
            f"/datasets/someone/songs/resolve/{COMMIT}/a/song.mp3": SONG,
        }
        content = answers.get(self.path.split("?")[0])
        self.send_response(200 if content else 404)
        if content is None:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content or b"").hexdigest()}"')
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if body:
            self.wfile.write(content or b"")


def from_hub(address: str, endpoint: str, out: Path) -> subprocess.CompletedProcess[str]:
    """`genretag train fetch` in a process of its own, as the library reads its endpoint at once."""
    own = {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(out / "home"),
           "HF_HUB_DOWNLOAD_TIMEOUT": "20", "HF_HUB_ETAG_TIMEOUT": "20"}  # fmt: skip
    command = [sys.executable, "-m", "genretag_train", "fetch", address, "--out", str(out)]
    return subprocess.run(command, env=os.environ | own, capture_output=True, text=True)


def test_a_data_set_comes_from_the_hub(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        done = from_hub("hf:someone/songs", endpoint, tmp_path)
        absent = from_hub("hf:someone/else", endpoint, tmp_path)
        server.shutdown()
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "songs")), done.stderr
    assert (tmp_path / "songs" / "a" / "song.mp3").read_bytes() == SONG
    assert absent.returncode == 3 and "data-unreachable" in absent.stderr


def test_a_hub_that_does_not_answer_is_told(tmp_path: Path) -> None:
    done = from_hub("hf:someone/songs", "http://127.0.0.1:9", tmp_path)
    assert done.returncode == 3 and "data-unreachable" in done.stderr
    assert "Traceback" not in done.stderr
