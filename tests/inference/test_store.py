import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import toy_model

from genretag.errors import Code, UsageError
from genretag.inference import session, store

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_the_bundled_model_is_found_by_name_and_loads(tmp_path: Path) -> None:
    path = store.locate(store.DEFAULT, tmp_path)
    assert session.load(path).manifest.name == store.DEFAULT


def test_a_file_is_found_by_its_path(tmp_path: Path) -> None:
    toy = toy_model.save(tmp_path / "toy.onnx")
    assert store.locate(str(toy), tmp_path) == toy


@pytest.mark.parametrize(
    "model", ["nonsense", "no/such/file.onnx", "", "hf:", "hf:alone", "hf:a/b/c", "hf:/b", "hf:a/"]
)
def test_what_names_no_model_is_refused(model: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        store.locate(model, tmp_path)
    assert caught.value.code is Code.UNKNOWN_MODEL


class Hub(BaseHTTPRequestHandler):
    """The part of the Hub that a download needs: one repository with one file."""

    content = b""

    def _answer(self, body: bool) -> None:
        path = self.path.split("?")[0]
        if path not in ("/someone/genres/resolve/main/model.onnx",
                        "/someone/genres/resolve/v2/model.onnx"):  # fmt: skip
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{sha256(self.content).hexdigest()}"')
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        if body:
            self.wfile.write(self.content)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    Hub.content = toy_model.save(tmp_path / "toy.onnx").read_bytes()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def located(model: str, endpoint: str, cache: Path) -> dict[str, str]:
    """Locate in a process of its own: the library reads its endpoint when it is imported."""
    code = (
        "import json, sys\nfrom pathlib import Path\n"
        "from genretag.errors import GenretagError\nfrom genretag.inference import store\n"
        "try: print(json.dumps({'path': str(store.locate(sys.argv[1], Path(sys.argv[2])))}))\n"
        "except GenretagError as e: print(json.dumps({'code': e.code, 'message': e.message}))"
    )
    own = {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(cache / "home"),
           "HF_HUB_DOWNLOAD_TIMEOUT": "2", "HF_HUB_ETAG_TIMEOUT": "2"}  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-c", code, model, str(cache)],
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.parametrize("model", ["hf:someone/genres", "hf:someone/genres@v2"])
def test_a_model_comes_from_the_hub_and_is_kept_for_offline(hub, model, tmp_path: Path) -> None:
    found = located(model, hub, tmp_path / "cache")
    assert Path(found["path"]).read_bytes() == Hub.content
    again = located(model, "http://127.0.0.1:9", tmp_path / "cache")
    assert again == found


@pytest.mark.parametrize("model", ["hf:someone/else", "hf:someone/genres@v9"])
def test_what_the_hub_does_not_have_is_told(hub: str, model: str, tmp_path: Path) -> None:
    found = located(model, hub, tmp_path / "cache")
    assert found["code"] == Code.MODEL_UNREACHABLE and "someone/" in found["message"]


def test_a_hub_that_does_not_answer_is_told(tmp_path: Path) -> None:
    found = located("hf:someone/genres", "http://127.0.0.1:9", tmp_path / "cache")
    assert found["code"] == Code.MODEL_UNREACHABLE
