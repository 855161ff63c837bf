"""Runs the command in forks of a process that has imported what it needs.

Each run is a process of its own with its own environment, folder and pipes, as `python -m genretag`
is; only the imports, half of the time that a short run takes, are made once. Hashes of texts are
the same in all runs, and what is read from the environment on import stays as it was: what is about
those takes `subprocess` and `COMMAND`.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from command import COMMAND

TIMEOUT_S = 120

_READ_LATE = ("GENRETAG_", "COLUMNS", "PYTEST_CURRENT_TEST")
"""How names begin in the environment that nothing reads on import."""


class ForkServer:
    """The process that forks; `run` is for one thread at a time."""

    def __init__(self) -> None:
        self._environment = dict(os.environ)
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # Streams remember whether they can seek.
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.communicate(timeout=TIMEOUT_S)

    def can_run(self, environment: dict[str, str]) -> bool:
        """Return whether a run with `environment` is no other than in a process that is new."""
        changed = {name for name, _ in environment.items() ^ self._environment.items()}
        return all(name.startswith(_READ_LATE) for name in changed)

    def run(
        self, arguments: list[str], environment: dict[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """Return what `python -m genretag` with `arguments` ends with, as `subprocess.run` does.

        Raises:
            AssertionError: the run took longer than `TIMEOUT_S`.
        """
        request = json.dumps([arguments, environment, str(Path.cwd())]).encode()
        (out, to_out), (err, to_err) = os.pipe(), os.pipe()
        socket.send_fds(self._socket, [len(request).to_bytes(4, "big")], [to_out, to_err])
        self._socket.sendall(request)
        os.close(to_out)
        os.close(to_err)
        with ThreadPoolExecutor(2) as pool:  # a full pipe would hold the run up
            stdout, stderr = pool.map(_read, (out, err))
        code = int.from_bytes(_receive(self._socket, 4), "big", signed=True)
        assert code != -signal.SIGALRM, f"no end after {TIMEOUT_S} s: {arguments}\n{stderr}"
        return subprocess.CompletedProcess([*COMMAND, *arguments], code, stdout, stderr)


def _read(number: int) -> str:
    with open(number, encoding="utf-8") as stream:
        return stream.read()


def _receive(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        if not (part := source.recv(size - len(data))):
            raise EOFError
        data += part
    return data


def _serve(source: socket.socket) -> None:
    """Fork for each request, until nobody can ask any more."""
    while True:
        head, outputs, *_ = socket.recv_fds(source, 4, 2)
        if not head:
            return
        request = json.loads(_receive(source, int.from_bytes(head, "big")))
        if (child := os.fork()) == 0:
            source.close()
            _become(*request, *outputs)
            return
        for output in outputs:
            os.close(output)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        source.sendall(code.to_bytes(4, "big", signed=True))


def _become(
    arguments: list[str], environment: dict[str, str], folder: str, out: int, err: int
) -> None:
    """Go on as `python -m genretag`."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, place in ((out, 1), (err, 2)):
        os.dup2(number, place)
        os.close(number)
    signal.alarm(TIMEOUT_S)
    sys.path[0] = folder
    sys.argv = ["", *arguments]
    runpy.run_module("genretag", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    import genretag.cli.app
    import genretag.inference.session
    import genretag.pipeline.analyse
    import genretag.pipeline.scan  # noqa: F401

    _serve(socket.socket(fileno=int(sys.argv[1])))
