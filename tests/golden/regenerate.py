"""Writes the goldens anew: `python tests/golden/regenerate.py`, then look at the difference."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

GOLDEN = Path(__file__).parent
sys.path[:0] = [str(GOLDEN.parent / name) for name in (".", "report", "inference")]

import test_evaluation  # noqa: E402 - the folders are no packages
import test_inspection  # noqa: E402
from test_bundled import heard  # noqa: E402
from test_reporters import summarised  # noqa: E402

from genretag.inference import store  # noqa: E402

DRAWN = {
    "report": summarised,
    "inspect": test_inspection.shown,
    "evaluation": test_evaluation.evaluated,
}
TERMINALS = {"plain": {}, "colour": {"color_system": "truecolor", "force_terminal": True}}

for name, draw in DRAWN.items():
    for width in (40, 80, 120):
        for kind, terminal in TERMINALS.items():
            text = draw(width=width, **terminal)
            (GOLDEN / f"{name}-{width}-{kind}.txt").write_text(text, "utf-8")
(GOLDEN / "inspect.json").write_text(test_inspection.told(), "utf-8")
(GOLDEN / "evaluation.json").write_text(test_evaluation.as_json(), "utf-8")

with TemporaryDirectory() as folder:
    scores = {model: heard(model, Path(folder)) for model in store.list_bundled()}
text = json.dumps(scores, indent=1, ensure_ascii=False)
(GOLDEN / "bundled.json").write_text(f"{text}\n", "utf-8")
