"""Baselines for a head on the same clips: the taggers' own tags, an earlier model, a guess."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genretag.domain import metrics
from genretag.domain.prediction import Embeddings
from genretag_train.data.dataset import bad_dataset
from genretag_train.nets.pretrained.weights import WIDTHS, Name
from genretag_train.transfer.cross_validation import CrossValidation

N_TAGS = 50
TAG_GENRES: Mapping[Name, Mapping[int, str]] = {
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
"""The genre of each output of a tagger whose tag means one.

MSD: rock, alternative rock, metal, classic rock, indie rock, punk, hard rock, heavy metal,
Progressive rock; pop, indie pop; electronic, dance, chillout, electronica, electro, House; soul,
funk, rnb; instrumental, ambient; jazz; folk; blues; Hip-Hop; country. MTT: classical, opera,
harpsichord, choir, cello, choral; indian, sitar.
"""


def predict_from_tags(embeddings: Embeddings) -> str:
    """Return the genre of the likeliest tag that means one, over the mean of a clip's windows.

    `embeddings` [n_windows, width] are those of the taggers of `TAG_GENRES`, side by side.
    """
    likely: dict[str, float] = {}
    end = 0
    for name, genres in TAG_GENRES.items():
        first = end + WIDTHS[name]
        end = first + N_TAGS
        # The logistic function keeps the order, so the logits will do.
        logits = embeddings[:, first:end].mean(axis=0)
        for tag, genre in genres.items():
            likely[genre] = max(likely.get(genre, -np.inf), float(logits[tag]))
    return max(likely, key=lambda genre: likely[genre])


def read_predictions(file: Path) -> dict[str, str]:
    """Read the genres that another model predicted for held-out clips, by the clip's name.

    `file` is a CSV as `write_bundle` makes it. RunError `bad-dataset` if there is no such list.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return {row["file"]: row["predicted"] for row in csv.DictReader(lines)}
    except OSError as error:
        raise bad_dataset(f"{file}: it cannot be read: {error.strerror}") from error
    except (KeyError, ValueError) as error:
        raise bad_dataset(f"{file}: it is no table with the columns file and predicted") from error


def compare_with_baselines(
    validation: CrossValidation,
    genres: Sequence[str],
    labels: Mapping[str, str],
    baselines: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, Any]]:
    """Measure accuracy and macro-F1, with intervals, of the head and others on the same clips.

    They are the clips of the head's genres that calibration is done on. A genre counts as the
    label that most of its clips have.

    Args:
        validation: the head's out-of-fold predictions.
        genres: the head's.
        labels: by clip, its genre as the data has it, which is how `baselines` say it.
        baselines: by name and clip, the predicted genre; clips that one of them lacks are left
            out.
    """
    counts = {genre: Counter[str]() for genre in genres}
    for clip in validation.clips:
        if clip.genre in counts:
            counts[clip.genre][labels[clip.name]] += 1
    label_of = {genre: count.most_common(1)[0][0] for genre, count in counts.items()}
    rows = [
        (clip, row)
        for clip, row, is_compared in zip(
            validation.clips, validation.probabilities, validation.compared.tolist(), strict=True
        )
        if is_compared and all(clip.name in baseline for baseline in baselines.values())
    ]
    truth = [labels[clip.name] for clip, _ in rows]
    commonest = Counter(truth).most_common(1)[0][0]
    predictions = {
        "this model's head": [_predict_label(row, genres, label_of) for _, row in rows],
        **{
            name: [label_of.get(said := baseline[clip.name], said) for clip, _ in rows]
            for name, baseline in baselines.items()
        },
        f"always {commonest}": [commonest] * len(rows),
    }
    groups = [clip.group for clip, _ in rows]
    return {name: _measure(predicted, truth, groups) for name, predicted in predictions.items()}


def _predict_label(
    probabilities: NDArray[np.float64], genres: Sequence[str], label_of: Mapping[str, str]
) -> str:
    sums: Counter[str] = Counter()
    for genre, probability in zip(genres, probabilities.tolist(), strict=True):
        sums[label_of[genre]] += probability
    return sums.most_common(1)[0][0]


def _measure(
    predicted: Sequence[str], truth: Sequence[str], groups: Sequence[str]
) -> dict[str, Any]:
    names = sorted({*predicted, *truth})
    guesses, labels = (
        np.array([names.index(name) for name in side]) for side in (predicted, truth)
    )
    return {
        "clips": len(truth),
        "accuracy": metrics.accuracy(guesses, labels),
        "accuracy_95": metrics.bootstrap_interval(metrics.accuracy, guesses, labels, groups),
        "f1_macro": metrics.f1_macro(guesses, labels),
        "f1_macro_95": metrics.bootstrap_interval(metrics.f1_macro, guesses, labels, groups),
    }
