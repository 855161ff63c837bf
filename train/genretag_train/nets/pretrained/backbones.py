"""A genre head on pretrained backbones: frozen networks, then one linear layer."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genretag_train.nets.pretrained.musicnn import Musicnn


class Backbones(nn.Module):
    """The outputs of several taggers for the same window, side by side.

    Shape:
        mel [batch, n_frames, 96] -> [batch, width]: of each tagger its embedding and its
        tag logits, the two things that a tagger gives; with `pooled_layers`, of each Musicnn
        what its dense layer gets as well.
    """

    def __init__(self, taggers: Sequence[nn.Module], pooled_layers: bool = False) -> None:
        super().__init__()
        self.taggers = nn.ModuleList(taggers)
        self.pooled_layers = pooled_layers

    def forward(self, mel: Tensor) -> Tensor:
        """Return embeddings and tag logits of all taggers, [batch, width]."""
        parts: list[Tensor] = []
        for tagger in self.taggers:
            if self.pooled_layers and isinstance(tagger, Musicnn):
                pooled = tagger.pool_layers(mel)
                parts += [*tagger.tag(pooled), pooled]
            else:
                parts += tagger(mel)
        return torch.cat(parts, dim=1)


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
