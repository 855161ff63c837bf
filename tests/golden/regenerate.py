"""Writes the goldens anew: `python tests/golden/regenerate.py`, then look at the difference."""

import sys
from pathlib import Path

GOLDEN = Path(__file__).parent
sys.path[:0] = [str(GOLDEN.parent / "report")]

from test_reporters import summarised  # noqa: E402 - the folder is not a package

for width in (80, 120):
    plain = summarised(width=width)
    coloured = summarised(width=width, color_system="truecolor", force_terminal=True)
    (GOLDEN / f"report-{width}-plain.txt").write_text(plain, "utf-8")
    (GOLDEN / f"report-{width}-colour.txt").write_text(coloured, "utf-8")
