"""Measures the size of genretag's own files."""

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path


def measure_sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of each file or folder in `folder`, largest first; empty if it is not there.

    Models from the Hub are named by their address.
    """
    found: Counter[str] = Counter()
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent, name)
            with suppress(OSError):  # another process removed it
                # A link has no size of its own; its target is counted in its place.
                found[_name_of(file.relative_to(folder))] += file.lstat().st_size
    return {name: size for name, size in found.most_common() if size}


def _name_of(path: Path) -> str:
    first, *rest = path.parts
    if first == "hub" and rest and rest[0].startswith("models--"):
        return "hf:" + rest[0].removeprefix("models--").replace("--", "/", 1)
    return first
