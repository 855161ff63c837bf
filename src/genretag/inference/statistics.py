"""Keeps the statistics of a model's embeddings in a file beside the model."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from genretag.domain.embedding_statistics import EmbeddingStatistics

_DIGEST, _GENRES, _SEPARATOR = "sha256", "genres", "\n"


def statistics_file(model: Path) -> Path:
    """Return the file with the statistics of the model in another file.

    >>> statistics_file(Path("models/toy.onnx")).name
    'toy-embeddings.safetensors'
    """
    return model.with_name(f"{model.stem}-embeddings.safetensors")


def save_statistics(file: Path, statistics: EmbeddingStatistics, digest: str) -> None:
    """Save the statistics, in half precision, of the model whose SHA-256 is `digest`."""
    save_file(
        {
            "means": statistics.means.astype(np.float16),
            "deviation": statistics.deviation.astype(np.float16),
            "factors": statistics.factors.astype(np.float16),
        },
        file,
        {_DIGEST: digest, _GENRES: _SEPARATOR.join(statistics.genres)},
    )


def load_statistics(model: Path, digest: str) -> EmbeddingStatistics | None:
    """Load the statistics of the model in a file; None if there are none for its `digest`."""
    try:
        with safe_open(statistics_file(model), "np") as tensors:
            about = tensors.metadata() or {}
            if about.get(_DIGEST) != digest:
                return None
            means, deviation, factors = (
                tensors.get_tensor(name).astype(np.float64)
                for name in ("means", "deviation", "factors")
            )
            genres = tuple(about[_GENRES].split(_SEPARATOR))
            return EmbeddingStatistics(genres, means, deviation, factors)
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
