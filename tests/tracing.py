"""Commands as on a machine that nobody has set up: what they write at home, whom they talk to.

Nothing of the tests' own environment reaches them, so that no variable, CI least of all, keeps a
library silent that would speak elsewhere.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SOCKET = re.compile(r"socket\((?!AF_UNIX|AF_LOCAL)\w+")
_TALK = re.compile(r"(?:connect|sendto|sendmsg|sendmmsg)\(.*sa_family=(?!AF_UNIX|AF_LOCAL)\w+.*")
_STRACE = ("strace", "-f", "--seccomp-bpf", "-e", "trace=network", "-o")


@dataclass(frozen=True)
class Machine:
    """A home folder, empty at first, and an environment that names nothing else."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the least of logins sets."""
        return {"PATH": os.defpath, "HOME": str(self.home), "LANG": "C.UTF-8"}

    def run(self, *command: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        """What a command says that ends as it should."""
        done = subprocess.run(
            list(map(str, command)),
            env=self.environment | environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done

    def traced(self, *command: str | Path, **environment: str) -> "Trace":
        """What a command and all processes that it starts ask of the network."""
        file = self.home.with_suffix(".trace")
        self.run(*_STRACE, file, *command, **environment)
        return Trace(file.read_text())

    @property
    def files(self) -> list[str]:
        """All files under the home folder."""
        found = (path.relative_to(self.home) for path in self.home.rglob("*") if path.is_file())
        return sorted(map(str, found))

    @property
    def foreign(self) -> list[str]:
        """Those that are in no folder of genretag's own, wherever the platform has these."""
        return [file for file in self.files if "genretag" not in Path(file).parts[:-1]]


@dataclass(frozen=True)
class Trace:
    """The calls of strace's log."""

    calls: str

    @property
    def sockets(self) -> list[str]:
        """Sockets that are not between processes of this machine."""
        return _SOCKET.findall(self.calls)

    @property
    def talk(self) -> list[str]:
        """What was sent, or was about to be, to any address but that of a local socket."""
        return _TALK.findall(self.calls)


@cache
def untraceable() -> str:
    """Why strace does not work here; nothing if it does."""
    if not shutil.which("strace"):
        return "strace is not installed"
    done = subprocess.run([*_STRACE, os.devnull, "true"], capture_output=True, text=True)
    return f"strace cannot run here: {done.stderr.strip()}" if done.returncode else ""
