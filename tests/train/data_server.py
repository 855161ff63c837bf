"""A real HTTP server on this machine that gives files, whole, in ranges, or cut short."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Manners:
    """What the server gives, how it behaves, and what it was asked.

    After `cuts[0]` bytes of the first answer the connection is lost, and so on; `statuses` are
    given before anything else.
    """

    content: bytes
    ranges: bool = True
    length: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def served(content: bytes) -> Iterator[Manners]:
    """A server of `content` under any path."""
    manners = Manners(content)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _answer(self, manners)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        manners.url = f"http://127.0.0.1:{server.server_address[1]}/songs.zip"
        yield manners
        server.shutdown()
        thread.join()


def _answer(handler: BaseHTTPRequestHandler, manners: Manners) -> None:
    handler.close_connection = True
    wanted = handler.headers.get("Range")
    manners.asked.append(wanted)
    if manners.statuses:
        handler.send_response(manners.statuses.pop(0))
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    found = re.fullmatch(r"bytes=(\d+)-", wanted or "")
    start = int(found[1]) if found and manners.ranges else 0
    size = len(manners.content)
    if start >= size:
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{size}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
    if manners.length:
        handler.send_header("Content-Length", str(size - start))
    handler.end_headers()
    body = manners.content[start:]
    handler.wfile.write(body[: manners.cuts.pop(0)] if manners.cuts else body)
