"""Opens a track in the system's player."""

import os
import subprocess
import sys
from pathlib import Path

_OPENERS = {"darwin": "open"}


def open_in_player(path: Path) -> bool:
    """Open a file with the program that the system has for it; tell whether it could be started."""
    try:
        if sys.platform == "win32":
            os.startfile(path)  # noqa: S606
        else:
            # Its messages would tear the screen, and it outlives the review.
            subprocess.Popen(  # noqa: S603
                [_OPENERS.get(sys.platform, "xdg-open"), str(path.absolute())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    except OSError:
        return False
    return True
