"""How much room genretag's own files take."""

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of all that lies in `folder`, the largest first; empty if it does not exist.

    Models from the Hub are called by their address, all else as its file or folder is.
    """
    found: Counter[str] = Counter()
    for place, _, names in os.walk(folder):
        for name in names:
            file = Path(place, name)
            with suppress(OSError):  # another process took it away
                # A link takes no room; what it leads to is counted where it lies.
                found[_called(file.relative_to(folder))] += file.lstat().st_size
    return {name: size for name, size in found.most_common() if size}


def _called(path: Path) -> str:
    first, *rest = path.parts
    if first == "hub" and rest and rest[0].startswith("models--"):
        return "hf:" + rest[0].removeprefix("models--").replace("--", "/", 1)
    return first
