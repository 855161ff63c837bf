"""Loads models with a limit of memory: a graph may ask for terabytes before it scores."""

from pathlib import Path

from genretag.errors import Code, RunError, Warn
from genretag.inference import session
from genretag.inference.session import Model
from genretag.library.resources import limited_memory

_LEAST_BYTES = 2 << 30
_BYTES_PER_BYTE = 6
"""Memory that reading, rewriting and loading take, for each byte of the files."""


def memory_for(n_bytes: int) -> int:
    """Return how much memory a model in files of `n_bytes` may take until it has scored once."""
    return _LEAST_BYTES + _BYTES_PER_BYTE * n_bytes


def load_model(
    path: Path, device: str = "auto", warn: Warn = lambda message: None, threads: int = 1
) -> Model:
    """Load a model as `inference.session.load` does, and raise the same.

    On Linux it is refused if it needs more memory than its size explains; not where it may run on
    a GPU, whose libraries take what they like.
    """
    if device != "cpu" and session.list_devices() != ["cpu"]:
        return session.load(path, device, warn, threads)
    try:
        with limited_memory(memory_for(session.measure(path))):
            return session.load(path, device, warn, threads)
    except MemoryError as error:
        raise RunError(
            Code.MODEL_INVALID,
            f"{path}: this is not a model that genretag can use: it needs too much memory",
            "Choose another one with --model.",
        ) from error
