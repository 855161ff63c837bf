"""The parts that networks are made of."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


class Classifier(nn.Module):
    """A network that ends in `head`, a layer over embeddings.

    Shape:
        mel [batch, n_frames, n_mels] -> logits [batch, n_genres]
    """

    head: nn.Module

    def embed(self, mel: Tensor) -> Tensor:
        """Return the input of the head, [batch, width], for windows [batch, n_frames, n_mels]."""
        raise NotImplementedError

    def forward(self, mel: Tensor) -> Tensor:
        """Return logits [batch, n_genres] of windows [batch, n_frames, n_mels] in [0, 1]."""
        logits: Tensor = self.head(self.embed(mel))
        return logits


@dataclass(frozen=True)
class Size:
    """The size of any architecture: its input, its output, how wide and deep it is.

    `hidden` are the channels after the first convolution, of which the second has twice and
    the third four times as many. `rnn_hidden` are the units of a recurrent layer in each
    direction, `rnn_layers` how many there are, with `dropout` between them. Without
    `max_pool` the 2D nets keep every frame and band.
    """

    n_mels: int
    n_genres: int
    hidden: int
    rnn_hidden: int
    dropout: float
    rnn_layers: int = 1
    max_pool: bool = True


def make_convolutions_1d(size: Size) -> nn.Sequential:
    """Make layers over time: [batch, n_mels, n_frames] -> [batch, 4 hidden, n_frames / 4]."""
    hidden = size.hidden
    return nn.Sequential(
        *_make_block(nn.Conv1d, nn.BatchNorm1d, size.n_mels, hidden, 5),
        nn.MaxPool1d(2),
        *_make_block(nn.Conv1d, nn.BatchNorm1d, hidden, 2 * hidden, 3),
        nn.MaxPool1d(2),
        *_make_block(nn.Conv1d, nn.BatchNorm1d, 2 * hidden, 4 * hidden, 3),
        nn.Dropout(size.dropout),
    )


def make_convolutions_2d(size: Size) -> nn.Sequential:
    """Make layers over an image: [batch, 1, n_frames, n_mels] -> [batch, 4 hidden, ...]."""
    layers: list[nn.Module] = []
    channels = (1, size.hidden, 2 * size.hidden, 4 * size.hidden)
    for before, after, width in zip(channels, channels[1:], (5, 3, 3), strict=False):
        layers += _make_block(nn.Conv2d, nn.BatchNorm2d, before, after, width)
        layers += [nn.MaxPool2d(2)] if size.max_pool else []
        layers += [nn.Dropout2d(size.dropout)]
    return nn.Sequential(*layers)


def count_features_2d(size: Size) -> int:
    """Return the values per frame of `make_convolutions_2d`: channels times the bands left."""
    return 4 * size.hidden * (size.n_mels // 8 if size.max_pool else size.n_mels)


def make_rnn(
    kind: type[nn.LSTM] | type[nn.GRU], width: int, size: Size, bidirectional: bool = True
) -> nn.LSTM | nn.GRU:
    """Make recurrent layers over [batch, n_frames, width]."""
    return kind(
        width,
        size.rnn_hidden,
        num_layers=size.rnn_layers,
        batch_first=True,
        bidirectional=bidirectional,
        dropout=size.dropout if size.rnn_layers > 1 else 0.0,
    )


def make_head(width: int, size: Size) -> nn.Sequential:
    """Make two layers: [batch, width] -> logits [batch, n_genres]."""
    return nn.Sequential(
        nn.Linear(width, size.rnn_hidden),
        nn.ReLU(),
        nn.Dropout(size.dropout),
        nn.Linear(size.rnn_hidden, size.n_genres),
    )


def pool_mean(states: Tensor) -> Tensor:
    """Average over time: [batch, n_frames, width] -> [batch, width]."""
    return states.mean(dim=1)


def pool_mean_and_max(states: Tensor) -> Tensor:
    """Join mean and maximum over time: [batch, n_frames, width] -> [batch, 2 width]."""
    return torch.cat([states.mean(dim=1), states.amax(dim=1)], dim=1)


def _make_block(
    convolution: Callable[..., nn.Module],
    norm: Callable[[int], nn.Module],
    before: int,
    after: int,
    width: int,
) -> list[nn.Module]:
    return [convolution(before, after, width, padding=width // 2), norm(after), nn.ReLU()]
