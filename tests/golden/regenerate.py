"""Writes the goldens anew: `python tests/golden/regenerate.py`, then look at the difference."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

GOLDEN = Path(__file__).parent
sys.path[:0] = [str(GOLDEN.parent / name) for name in (".", "report", "inference")]

from test_bundled import heard  # noqa: E402 - the folders are no packages
from test_reporters import summarised  # noqa: E402

from genretag.inference import store  # noqa: E402

for width in (80, 120):
    plain = summarised(width=width)
    coloured = summarised(width=width, color_system="truecolor", force_terminal=True)
    (GOLDEN / f"report-{width}-plain.txt").write_text(plain, "utf-8")
    (GOLDEN / f"report-{width}-colour.txt").write_text(coloured, "utf-8")

with TemporaryDirectory() as folder:
    scores = {model: heard(model, Path(folder)) for model in store.bundled()}
text = json.dumps(scores, indent=1, ensure_ascii=False)
(GOLDEN / "bundled.json").write_text(f"{text}\n", "utf-8")
