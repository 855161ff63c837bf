"""Predicts the genres of music files, and reads and writes them in the files' tags.

Public names are imported when they are first used, as the command line needs none of them; what
they are stands for type checkers in `__init__.pyi`.
"""

from importlib import import_module

from genretag import telemetry

__all__ = [
    "Code",
    "Decision",
    "ExtraMissingError",
    "Failed",
    "FileError",
    "GenretagError",
    "Prediction",
    "RunError",
    "Tagger",
    "Track",
    "UsageError",
    "Written",
    "__version__",
    "read_genres",
    "write_genres",
]

__version__ = "0.1.0"

# Here, because libraries read it while they are imported, and nothing of genretag is imported
# before its package is.
telemetry.opt_out()


def __getattr__(name: str) -> object:
    """Return what a public name stands for; AttributeError for any other."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    errors = import_module("genretag.errors")
    return getattr(errors if hasattr(errors, name) else import_module("genretag.api"), name)


def __dir__() -> list[str]:
    """List the public names among the module's own."""
    return sorted({*globals(), *__all__})
