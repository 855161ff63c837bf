"""Tells how genretag was installed, and so how an extra is added to it."""

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


def install_command(extra: str) -> str:
    """Return the command that adds `extra` to this installation, for this platform's shell."""
    return _quote(*_installer(), *_requirement(extra))


def _installer() -> tuple[str, ...]:
    """Return the installer of this Python's environment and its arguments."""
    prefix = Path(sys.prefix)
    if (prefix / "pipx_metadata.json").exists():
        return ("pipx", "install", "--force")
    if (prefix / "uv-receipt.toml").exists():
        return ("uv", "tool", "install", "--force")
    if find_spec("pip") is None:  # uv makes environments without it
        return ("uv", "pip", "install", "--python", sys.executable)
    return (sys.executable, "-m", "pip", "install")


def _requirement(extra: str) -> tuple[str, ...]:
    """Return genretag with `extra`, from the origin of this installation (PEP 610)."""
    try:
        text = metadata.distribution(_NAME).read_text("direct_url.json")
        origin = json.loads(text) if text else {}
        url = str(origin.get("url", ""))
    except (metadata.PackageNotFoundError, ValueError):
        origin, url = {}, ""
    if url.startswith("file:"):
        folder = url2pathname(urlsplit(url).path)
        editable = origin.get("dir_info", {}).get("editable", False)
        if Path(folder).exists():
            return (*(["--editable"] if editable else []), f"{folder}[{extra}]")
    elif url:
        kind = origin.get("vcs_info", {}).get("vcs")
        return (f"{_NAME}[{extra}] @ {f'{kind}+' if kind else ''}{url}",)
    return (f"{_NAME}[{extra}]",)


def _quote(*words: str) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
