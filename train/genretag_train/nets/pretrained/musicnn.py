"""musicnn: convolutions shaped after timbre and rhythm, trained by others to tag music."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

N_MELS = 96
N_FRAMES = 187
"""What it was trained on: 3 s at 16 kHz in hops of 256. It takes other lengths as well."""
WIDTH = 200
"""Values of the penultimate layer."""
BLOCK = 16
"""ONNX Runtime computes the channels of a convolution in blocks of so many, whole ones only."""

_TIMBRAL = ((7, 38), (7, 67))
_TEMPORAL = ((128, 1), (64, 1), (32, 1))
_FILTERS = (204, 204, 51, 51, 51)
_MIDDLE = 64
EPS = 1e-3


class Musicnn(nn.Module):
    """Five banks of filters side by side, three layers with shortcuts, then pooling over time.

    The input is scaled by one learned number and shifted by another. Filters of 7 frames by
    38 or 67 bands respond to timbre at any pitch, those of 128, 64 or 32 frames in one band to
    rhythm; of each only the strongest band is kept. The outputs of all layers go, as maximum
    and as mean over time, into a dense layer, and that into one logit for each tag.

    Papers: J. Pons and X. Serra, "musicnn: pre-trained convolutional neural networks for music
    audio tagging", 2019. J. Pons et al., "End-to-end learning for music audio tagging at
    scale", ISMIR 2018. `genretag_train.nets.pretrained.weights` has their weights, with whose
    statistics it computes what theirs does; statistics learned here would be other ones.

    Shape:
        mel [batch, n_frames, 96], log10(1 + 10000 x) of power at 16 kHz, `n_fft` 512, `hop` 256,
        0 or more and seldom above 6 -> embedding [batch, 200], unbounded, and logits
        [batch, n_tags], of which the sigmoid is how likely each tag is on its own.

    Args:
        n_tags: outputs.
        filters: how many each bank has, the two of timbre before the three of rhythm.
    """

    def __init__(self, n_tags: int = 50, filters: Sequence[int] = _FILTERS) -> None:
        super().__init__()
        self.level = nn.BatchNorm2d(1, eps=EPS)
        self.timbral = _make_banks(filters, _TIMBRAL)
        self.temporal = _make_banks(filters[len(_TIMBRAL) :], _TEMPORAL)
        n_first = sum(filters)
        self.middle = nn.ModuleList(_Layer(width) for width in (n_first, _MIDDLE, _MIDDLE))
        pooled = 2 * (n_first + 3 * _MIDDLE)
        self.pooled = nn.BatchNorm1d(pooled, eps=EPS)
        self.dense = nn.Linear(pooled, WIDTH)
        self.norm = nn.BatchNorm1d(WIDTH, eps=EPS)
        self.tags = nn.Linear(WIDTH, n_tags)
        self.dropout = nn.Dropout(0.5)

    def pool_layers(self, mel: Tensor) -> Tensor:
        """Return maximum and mean over time of all layers, [batch, 2 * n_channels]."""
        level = self.level(mel.unsqueeze(1))
        banks = (*self.timbral, *self.temporal)
        outputs = [torch.cat([bank(level) for bank in banks], dim=1)]
        outputs.append(self.middle[0](outputs[-1]))
        for layer in self.middle[1:]:
            outputs.append(outputs[-1] + layer(outputs[-1]))
        joined = torch.cat(outputs, dim=1)
        # Maximum and mean of a channel stand side by side, as the weights expect them.
        return torch.stack([joined.amax(dim=2), joined.mean(dim=2)], dim=2).flatten(1)

    def tag(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Return embedding [batch, 200] and logits [batch, n_tags] for what `pool_layers` gives."""
        dense = functional.relu(self.dense(self.dropout(self.pooled(pooled))))
        embedding: Tensor = self.norm(dense)
        return embedding, self.tags(self.dropout(embedding))

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Return embedding [batch, 200] and logits [batch, n_tags] for [batch, n_frames, 96]."""
        return self.tag(self.pool_layers(mel))


class _Bank(nn.Module):
    """Filters over [batch, 1, n_frames, 96], the strongest band: [batch, filters, n_frames].

    The paper norms each band and then takes the strongest, which takes a sixth longer.
    A norm with fixed statistics keeps the order of the bands, so here it comes after; where its
    factor is negative it turns the order round, and so `sign` is -1 and the filter upside down.

    Few filters would leave most of a block of channels empty. So the convolution moves on by
    `step` frames at once and has each filter `step` times, one frame later each time: the same
    products, and for the filters of rhythm a third of the time.
    """

    sign: Tensor

    def __init__(self, filters: int, shape: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, filters, shape)
        self.register_buffer("sign", torch.ones(filters))
        self.norm = nn.BatchNorm1d(filters, eps=EPS)
        self.step = _choose_step(filters, shape[0])
        # An even length cannot be centred: TensorFlow puts the odd frame behind.
        self.padding = (0, 0, (shape[0] - 1) // 2, shape[0] // 2 + self.step - 1)
        self.n_bands = N_MELS - shape[1] + 1

    def forward(self, level: Tensor) -> Tensor:
        filtered = functional.conv2d(
            functional.pad(level, self.padding), *self._stagger(), stride=(self.step, 1)
        )
        strongest = functional.max_pool2d(filtered, (1, self.n_bands)).squeeze(3)
        n_filters = len(self.sign)
        staggered = strongest[:, : n_filters * self.step].reshape(
            strongest.shape[0], n_filters, self.step, -1
        )
        in_time = staggered.transpose(2, 3).flatten(2)[:, :, : level.shape[2]]
        normed: Tensor = self.norm(functional.relu(in_time * self.sign[:, None]))
        return normed

    def _stagger(self) -> tuple[Tensor, Tensor]:
        """Return filters and biases, each `step` times, filled up with zeros to whole blocks."""
        weight, bias = self.conv.weight, self.conv.bias
        assert bias is not None
        n_filters, _, length, n_bands = weight.shape
        # The exporter knows the shape of what is joined, not of what is padded.
        gap = weight.new_zeros(n_filters, 1, self.step - 1, n_bands)
        copies = [
            torch.cat([gap[:, :, :late], weight, gap[:, :, late:]], dim=2)
            for late in range(self.step)
        ]
        staggered = torch.stack(copies, dim=1).flatten(0, 1)
        fill = -n_filters * self.step % BLOCK
        empty = weight.new_zeros(fill, 1, length + self.step - 1, n_bands)
        repeated = torch.stack([bias] * self.step, dim=1).flatten()
        return torch.cat([staggered, empty]), torch.cat([repeated, bias.new_zeros(fill)])


def _choose_step(filters: int, length: int) -> int:
    """Return how many frames at once cost the fewest multiplications for each frame."""
    return min(
        range(1, BLOCK + 1),
        key=lambda step: math.ceil(filters * step / BLOCK) * (length + step - 1) / step,
    )


class _Layer(nn.Module):
    """A convolution over 7 frames: [batch, width, n_frames] -> [batch, 64, n_frames]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, _MIDDLE, 7, padding=3)
        self.norm = nn.BatchNorm1d(_MIDDLE, eps=EPS)

    def forward(self, channels: Tensor) -> Tensor:
        normed: Tensor = self.norm(functional.relu(self.conv(channels)))
        return normed


def _make_banks(filters: Sequence[int], shapes: Sequence[tuple[int, int]]) -> nn.ModuleList:
    return nn.ModuleList(_Bank(n, shape) for n, shape in zip(filters, shapes, strict=False))
