"""What other ways make of the same clips: the taggers' own words, an earlier model, a guess."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genretag.domain import metrics
from genretag_train.data.dataset import bad_dataset
from genretag_train.nets.pretrained.weights import WIDTHS, Name
from genretag_train.transfer.cross_validation import OTHER, CrossValidation
from genretag_train.transfer.embeddings import Found

N_TAGS = 50
MEANINGS: Mapping[Name, Mapping[int, str]] = {
    "MSD_musicnn": {
        **dict.fromkeys((0, 8, 11, 14, 16, 24, 27, 42, 43), "Rock"),
        **dict.fromkeys((1, 46), "Pop"),
        **dict.fromkeys((4, 6, 12, 18, 41, 48), "Electronic"),
        **dict.fromkeys((15, 40, 45), "Soul-RnB"),
        **dict.fromkeys((23, 28), "Instrumental"),
        **{9: "Jazz", 20: "Folk", 26: "Blues", 33: "Hip-Hop", 36: "Country"},
    },
    "MTT_musicnn": {
        **dict.fromkeys((1, 17, 22, 35, 43, 49), "Classical"),
        **dict.fromkeys((16, 31), "International"),
    },
}
"""The genre of those outputs of a tagger whose tag means one.

MSD: rock, alternative rock, metal, classic rock, indie rock, punk, hard rock, heavy metal,
Progressive rock; pop, indie pop; electronic, dance, chillout, electronica, electro, House; soul,
funk, rnb; instrumental, ambient; jazz; folk; blues; Hip-Hop; country. MTT: classical, opera,
harpsichord, choir, cello, choral; indian, sitar.
"""


def by_tags(found: Found) -> str:
    """The genre of the likeliest tag that means one, over the mean of a clip's windows.

    `found` is what the taggers of `MEANINGS` found, one after the other.
    """
    likely: dict[str, float] = {}
    end = 0
    for name, meanings in MEANINGS.items():
        first = end + WIDTHS[name]
        end = first + N_TAGS
        # The logistic function keeps the order, so the logits will do.
        logits = found[:, first:end].mean(axis=0)
        for tag, genre in meanings.items():
            likely[genre] = max(likely.get(genre, -np.inf), float(logits[tag]))
    return max(likely, key=lambda genre: likely[genre])


def said_before(file: Path) -> dict[str, str]:
    """What another model made of clips that it did not hear, by the list in `file`.

    RunError `bad-dataset` if there is no such list.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return {row["file"]: row["predicted"] for row in csv.DictReader(lines)}
    except OSError as error:
        raise bad_dataset(f"{file}: it cannot be read: {error.strerror}") from error
    except (KeyError, ValueError) as error:
        raise bad_dataset(f"{file}: it is no table with the columns file and predicted") from error


def beside(
    outside: CrossValidation,
    genres: Sequence[str],
    broad: Mapping[str, str],
    others: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, Any]]:
    """Accuracy and its interval of the head and its rivals on the same clips.

    Args:
        outside: what heads made of clips that they did not hear.
        genres: the head's.
        broad: the broader genre that a rival knows in place of one of the head's.
        others: the name of each rival, and by clip what it says; clips of which one of them
            says nothing do not count.
    """
    chosen = [
        (one.clip, broad.get(genres[truth], genres[truth]), row)
        for one, truth, row in zip(
            outside.judged, outside.truth, outside.probabilities, strict=True
        )
        if truth != OTHER and all(one.clip.name in said for said in others.values())
    ]
    truth = [genre for _, genre, _ in chosen]
    usual = Counter(truth).most_common(1)[0][0]
    answers = {"this model's head": [_broadest(row, genres, broad) for _, _, row in chosen]}
    for name, said in others.items():
        answers[name] = [said[clip.name] for clip, _, _ in chosen]
    answers[f"always {usual}"] = [usual] * len(chosen)
    groups = [clip.group for clip, _, _ in chosen]
    return {name: _scored(guesses, truth, groups) for name, guesses in answers.items()}


def _broadest(row: Any, genres: Sequence[str], broad: Mapping[str, str]) -> str:
    sums: Counter[str] = Counter()
    for genre, chance in zip(genres, row.tolist(), strict=True):
        sums[broad.get(genre, genre)] += chance
    return sums.most_common(1)[0][0]


def _scored(guesses: Sequence[str], truth: Sequence[str], groups: Sequence[str]) -> dict[str, Any]:
    names = sorted({*guesses, *truth})
    said, true = (np.array([names.index(name) for name in side]) for side in (guesses, truth))
    return {
        "clips": len(truth),
        "accuracy": metrics.accuracy(said, true),
        "accuracy_95": metrics.bootstrap_interval(metrics.accuracy, said, true, groups),
        "f1_macro": metrics.f1_macro(said, true),
        "f1_macro_95": metrics.bootstrap_interval(metrics.f1_macro, said, true, groups),
    }
