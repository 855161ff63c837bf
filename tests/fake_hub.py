"""A server on this machine that speaks the part of the Hugging Face Hub's API that is used.

Repositories are kept in memory: {"owner/name": {revision: {file: content}}}. All that is
asked for is noted, so that tests can tell what went over the line.
"""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "hf_letmein"

RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
API = re.compile(r"/api/models/([^/]+/[^/]+)/(preupload|commit|branch)/([^/]+)")


class FakeHub:
    """What the Hub holds, and how it misbehaves."""

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, dict[str, bytes]]] = {}
        self.objects: dict[str, bytes] = {}
        self.created: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.needs_token = False
        self.cut_after: int | None = None
        self.url = ""

    def put(self, repo: str, revision: str, files: dict[str, bytes]) -> str:
        """Give `repo` a new commit that `revision` points to; the commit."""
        state = self.repos.setdefault(repo, {})
        content = {**state.get(revision, {}), **files}
        told = b"".join(name.encode() + content[name] for name in sorted(content))
        commit = sha256(told).hexdigest()[:40]
        state[revision] = state[commit] = content
        return commit

    def commit_of(self, repo: str, revision: str) -> str:
        state = self.repos[repo]
        return next(c for c in state if len(c) == 40 and state[c] == state[revision])

    def environment(self, home: Path) -> dict[str, str]:
        """What makes the Hub's library ask this server, with its own folders under `home`."""
        return {"HF_ENDPOINT": self.url, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_DOWNLOAD_TIMEOUT": "20", "HF_HUB_ETAG_TIMEOUT": "20"}  # fmt: skip


@contextmanager
def serving() -> Iterator[FakeHub]:
    """A Hub that answers until the block ends."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_HEAD(self) -> None:
        self._resolve(body=False)

    def do_GET(self) -> None:
        self._resolve(body=True)

    def do_PUT(self) -> None:
        content = self._content()
        self.hub.asked.append(f"PUT {self.path}")
        self.hub.objects[self.path.removeprefix("/lfs/")] = content
        self._send(200)

    def do_POST(self) -> None:
        path = self.path.split("?")[0]
        content = self._content()
        self.hub.asked.append(f"POST {path}")
        if self._refused():
            return
        api = API.fullmatch(path)
        if path == "/api/repos/create":
            told = json.loads(content)
            self.hub.created.append(told)
            repo = f"{told['organization']}/{told['name']}"
            status = 409 if repo in self.hub.repos else 200
            # Before the answer: the client may ask for the repository as soon as it has it.
            self.hub.repos.setdefault(repo, {})
            self._json({"url": f"{self.hub.url}/{repo}"}, status)
        elif path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif path.endswith(".git/info/lfs/objects/batch"):
            wanted = json.loads(content)["objects"]
            put = [
                {**o, "actions": {"upload": {"href": f"{self.hub.url}/lfs/{o['oid']}"}}}
                for o in wanted
            ]
            self._json({"transfer": "basic", "objects": put})
        elif api and api[2] == "preupload":
            files = json.loads(content)["files"]
            modes = ({"path": f["path"], "shouldIgnore": False,
                      "uploadMode": "lfs" if f["path"].endswith(".onnx") else "regular"}
                     for f in files)  # fmt: skip
            self._json({"files": list(modes)})
        elif api and api[2] == "commit":
            self._commit(api[1], api[3], content)
        elif api and api[2] == "branch":
            self.hub.repos[api[1]].setdefault(api[3], {})
            self._json({})
        else:
            self._send(404)

    def _commit(self, repo: str, revision: str, content: bytes) -> None:
        files = {}
        for line in content.decode().splitlines():
            part = json.loads(line)
            told = part["value"]
            if part["key"] == "file":
                files[told["path"]] = base64.b64decode(told["content"])
            elif part["key"] == "lfsFile":
                files[told["path"]] = self.hub.objects[told["oid"]]
        commit = self.hub.put(repo, revision, files)
        self._json({"commitUrl": f"{self.hub.url}/{repo}/commit/{commit}", "commitOid": commit})

    def _resolve(self, body: bool) -> None:
        self.hub.asked.append(f"{self.command} {self.path}")
        found = RESOLVE.fullmatch(self.path.split("?")[0])
        if self._refused():
            return None
        if not found or found[1] not in self.hub.repos:
            return self._send(404, {"X-Error-Code": "RepoNotFound"})
        repo, revision, name = found.groups()
        if revision not in self.hub.repos[repo]:
            return self._send(404, {"X-Error-Code": "RevisionNotFound"})
        content = self.hub.repos[repo][revision].get(name)
        if content is None:
            return self._send(404, {"X-Error-Code": "EntryNotFound"})
        head = {"X-Repo-Commit": self.hub.commit_of(repo, revision),
                "ETag": f'"{sha256(content).hexdigest()}"'}  # fmt: skip
        if body and self.hub.cut_after is not None:
            sent = content[: self.hub.cut_after]
            # Having been cut once, the line is dead.
            self.hub.cut_after = 0
            if not sent:
                self.close_connection = True
                return None
            return self._send(200, head, sent, length=len(content))
        return self._send(200, head, content if body else b"", length=len(content))

    def _refused(self) -> bool:
        self.hub.agents.add(self.headers.get("User-Agent", ""))
        if self.hub.needs_token and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._send(401, {"X-Error-Message": "Invalid username or password."})
            return True
        return False

    def _content(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _json(self, told: object, status: int = 200) -> None:
        self._send(status, {"Content-Type": "application/json"}, json.dumps(told).encode())

    def _send(
        self,
        status: int,
        head: dict[str, str] | None = None,
        content: bytes = b"",
        length: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (head or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if content:
            self.wfile.write(content)
