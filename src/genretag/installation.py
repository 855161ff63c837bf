"""How genretag was installed, and so how an extra is added to it."""

import json
import os
import shlex
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_NAME = "genretag"


def adding(extra: str) -> str:
    """The command that adds `extra` to this installation, for the shell of this platform."""
    return _written(*_installer(), *_requirement(extra))


def _installer() -> tuple[str, ...]:
    """Return what installs into the environment of this Python."""
    prefix = Path(sys.prefix)
    if (prefix / "pipx_metadata.json").exists():
        return ("pipx", "install", "--force")
    if (prefix / "uv-receipt.toml").exists():
        return ("uv", "tool", "install", "--force")
    if find_spec("pip") is None:  # uv makes environments without it
        return ("uv", "pip", "install", "--python", sys.executable)
    return (sys.executable, "-m", "pip", "install")


def _requirement(extra: str) -> tuple[str, ...]:
    """genretag with `extra`, from where this installation came (PEP 610)."""
    try:
        told = metadata.distribution(_NAME).read_text("direct_url.json")
        origin = json.loads(told) if told else {}
        url = str(origin.get("url", ""))
    except (metadata.PackageNotFoundError, ValueError):
        origin, url = {}, ""
    if url.startswith("file:"):
        place = url2pathname(urlsplit(url).path)
        editable = origin.get("dir_info", {}).get("editable", False)
        if Path(place).exists():
            return (*(["--editable"] if editable else []), f"{place}[{extra}]")
    elif url:
        kind = origin.get("vcs_info", {}).get("vcs")
        return (f"{_NAME}[{extra}] @ {f'{kind}+' if kind else ''}{url}",)
    return (f"{_NAME}[{extra}]",)


def _written(*words: str) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
