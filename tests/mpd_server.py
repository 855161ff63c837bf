"""A real Music Player Daemon over a folder, asked for the genres that it shows."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MPD = shutil.which("mpd")

_CONFIG = """
music_directory "{music}"
db_file "{home}/db"
state_file "{home}/state"
log_file "{home}/log"
bind_to_address "{home}/socket"
auto_update "no"
audio_output {{
    type "null"
    name "none"
}}
"""


def shown(music: Path) -> dict[str, list[str]]:
    """The genres of each file in `music` that MPD plays, by the name of the file."""
    with _running(music) as ask:
        ask("update")
        while any(line.startswith("updating_db:") for line in ask("status")):
            time.sleep(0.05)
        found: dict[str, list[str]] = {}
        name = ""
        for line in ask("listallinfo"):
            key, _, value = line.partition(": ")
            if key == "file":
                name = value
                found[name] = []
            elif key == "Genre":
                found[name].append(value)
        return found


@contextmanager
def _running(music: Path) -> Iterator["_Client"]:
    with tempfile.TemporaryDirectory() as home:  # the path of a socket must be short
        config = Path(home, "mpd.conf")
        config.write_text(_CONFIG.format(music=music, home=home), encoding="utf-8")
        environment = {"PATH": os.environ["PATH"], "HOME": home}
        command = [str(MPD), "--no-daemon", str(config)]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
            try:
                yield _Client(Path(home, "socket"))
            finally:
                process.terminate()


class _Client:
    """The protocol of MPD: a line asks, lines up to OK answer."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        for _ in range(600):
            # The file is there before anybody listens.
            with suppress(FileNotFoundError, ConnectionRefusedError):
                self._socket.connect(str(path))
                break
            time.sleep(0.05)
        self._lines = self._socket.makefile("rw", encoding="utf-8")
        self._lines.readline()  # the greeting

    def __call__(self, command: str) -> list[str]:
        self._lines.write(f"{command}\n")
        self._lines.flush()
        found = []
        while not (line := self._lines.readline()).startswith(("OK", "ACK")):
            if not line:
                raise OSError("MPD has gone")
            found.append(line.rstrip("\n"))
        return found
