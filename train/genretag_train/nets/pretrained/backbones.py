"""A genre head on pretrained backbones: frozen networks, then one linear layer."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Backbones(nn.Module):
    """The outputs of several taggers for the same window, side by side.

    Shape:
        mel [batch, n_frames, 96] -> [batch, width]: of each tagger its embedding and its
        tag logits, the two things that a tagger gives.
    """

    def __init__(self, taggers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.taggers = nn.ModuleList(taggers)

    def forward(self, mel: Tensor) -> Tensor:
        """Return embeddings and tag logits of all taggers, [batch, width]."""
        return torch.cat([part for tagger in self.taggers for part in tagger(mel)], dim=1)


class Headed(nn.Module):
    """A linear head on backbones: mel [batch, n_frames, 96] -> logits [batch, n_genres].

    Args:
        backbones: frozen.
        weight: [n_genres, width].
        bias: [n_genres].
    """

    def __init__(
        self, backbones: Backbones, weight: NDArray[np.float64], bias: NDArray[np.float64]
    ) -> None:
        super().__init__()
        self.backbones = backbones
        self.head = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(weight))
            self.head.bias.copy_(torch.from_numpy(bias))

    def forward(self, mel: Tensor) -> Tensor:
        """Return logits [batch, n_genres] of windows [batch, n_frames, 96]."""
        logits: Tensor = self.head(self.backbones(mel))
        return logits
