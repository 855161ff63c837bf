"""`genretag doctor`: what works on this machine."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path


def doctor() -> None:
    """Check what genretag needs here: decoders, devices, model, folders.

    Exit code 3 if something that a scan needs does not work.
    """
    from rich.console import Console
    from rich.text import Text

    from genretag.errors import GenretagError
    from genretag.library import paths
    from genretag.report import facts

    checks: list[tuple[str, str | Text]] = []
    healthy = True
    for name, check in _CHECKS.items():
        try:
            checks.append((f"ok   {name}", check()))
        except GenretagError as error:
            healthy = False
            checks.append((f"bad  {name}", f"{error.message}. {error.hint}"))
    checks.append(("ok   config", facts.unbroken(paths.config_file())))
    for name, folder in (("cache", paths.cache_dir()), ("data", paths.data_dir())):
        writable = _is_writable(folder)
        healthy = healthy and writable
        checks.append((f"{'ok ' if writable else 'bad'}  {name}", facts.unbroken(folder)))
        if not writable:
            variable = f"GENRETAG_{name.upper()}_DIR"
            checks.append(("", f"nobody may write there; {variable} names another folder"))
    facts.print_facts(checks, Console(highlight=False))
    raise typer.Exit(0 if healthy else 3)


def _is_writable(folder: "Path") -> bool:
    """Return whether files can be made in `folder`, or in the one in which it will be made."""
    import os

    # Unlike Path's own, they say no where nobody may look.
    nearest = next((one for one in (folder, *folder.parents) if os.path.exists(one)), folder)  # noqa: PTH110
    return os.path.isdir(nearest) and os.access(nearest, os.W_OK | os.X_OK)  # noqa: PTH112


def _version() -> str:
    import platform

    from genretag import __version__

    return f"genretag {__version__}, Python {platform.python_version()}, {platform.platform()}"


def _decoders() -> str:
    import av

    libraries = ", ".join(
        f"{name} {'.'.join(map(str, version))}"
        for name, version in av.library_versions.items()
        if name in ("libavcodec", "libavformat")
    )
    return f"PyAV {av.__version__}, {len(av.codecs_available)} codecs, {libraries}"


_MISSING = {
    "cuda": "needs an NVIDIA GPU and the package onnxruntime-gpu in place of onnxruntime",
    "dml": "needs Windows and the package onnxruntime-directml in place of onnxruntime",
    "coreml": "needs macOS",
}
"""What a device lacks that the installed ONNX Runtime was not built for."""


def _devices() -> str:
    from genretag.inference import session, store
    from genretag.inference.runtime import ort
    from genretag.library import paths

    model = store.locate(store.DEFAULT, paths.cache_dir(), paths.data_dir())
    available, lines = session.list_devices(), []
    for device in session.PROVIDERS:
        if device not in available:
            lines.append(f"{device}: {_MISSING[device]}")
        elif session.load(model, device).device != device:
            lines.append(f"{device}: built in, but its libraries or the hardware are missing")
        else:
            lines.append(f"{device}: works")
    used = session.load(model, "auto").device
    return f"{used} is used (ONNX Runtime {ort.__version__})\n" + "\n".join(lines)


def _model() -> str:
    from genretag.inference import session, store
    from genretag.library import paths

    model = session.load(store.locate(store.DEFAULT, paths.cache_dir(), paths.data_dir()))
    return f"{model.identity} on {model.device}, {len(model.manifest.genres)} genres"


def _cores() -> str:
    from genretag.library.resources import count_cores

    return f"{count_cores()} usable: the default of --jobs"


_CHECKS = {
    "version": _version,
    "decoders": _decoders,
    "devices": _devices,
    "model": _model,
    "cores": _cores,
}
