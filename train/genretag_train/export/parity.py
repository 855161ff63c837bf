"""Logits of the same clips by torch and by exported files, and how far they are apart."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from genretag.domain.prediction import softmax
from genretag.errors import Code, RunError
from genretag_train.data.dataset import bad_dataset
from genretag_train.evaluation.holdout import Logits, SideLogits
from genretag_train.features.corpus import Corpus
from genretag_train.features.extraction import FeatureSpec, Windows, extract_windows
from genretag_train.nets.onnx_export import open_session, run_session
from genretag_train.progress import Progress, map_threaded

TOLERANCE = 1e-4
"""Largest difference between a probability by torch and one by the exported file."""

Scorer = Callable[[Windows], Logits]


def score_by_torch(net: nn.Module) -> Scorer:
    """Return a scorer that runs the trained net."""

    def score(mel: Windows) -> Logits:
        with torch.inference_mode():
            logits: Logits = net(torch.from_numpy(mel)).numpy()
        return logits

    return score


def score_by_file(file: Path) -> Scorer:
    """Return a scorer that runs an exported file."""
    session = open_session(file)
    return lambda mel: run_session(session, mel)


def score_side(
    corpus: Corpus, side: str, spec: FeatureSpec, scorers: Mapping[str, Scorer], progress: Progress
) -> dict[str, SideLogits]:
    """Score the audible clips of a side by each scorer; RunError `bad-dataset` without any."""

    def score(index: int) -> dict[str, Logits] | None:
        mel = extract_windows(corpus.clips[index].path, spec)
        return {name: scorer(mel) for name, scorer in scorers.items()} if len(mel) else None

    results = map_threaded(score, corpus.indices(side), progress)
    audible = [(index, logits) for index, logits in results if logits is not None]
    if not audible:
        raise bad_dataset(f"no clip of the {side} side can be scored")
    indices = [index for index, _ in audible]
    return {
        name: SideLogits.of(corpus, indices, [logits[name] for _, logits in audible])
        for name in scorers
    }


def check_parity(sides: Iterable[Mapping[str, SideLogits]]) -> float:
    """Return the largest difference in probability of `fp32` from `torch`, in [0, 1].

    RunError `parity` if it is above TOLERANCE.
    """
    gap = max(measure_gap(side["torch"].logits, side["fp32"].logits) for side in sides)
    if not gap <= TOLERANCE:
        raise RunError(
            Code.PARITY,
            f"The export differs by {gap:.1e} from the trained net on real clips",
            "Nothing was written; please report this with the versions of torch and onnx.",
        )
    return gap


def measure_gap(first: Sequence[Logits], second: Sequence[Logits]) -> float:
    """Return the largest difference in the probability of any window and genre, in [0, 1]."""
    one, other = (softmax(np.concatenate(logits)) for logits in (first, second))
    return float(np.abs(one - other).max())
