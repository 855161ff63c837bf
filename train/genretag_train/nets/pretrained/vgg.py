"""VGG for music tagging: five small convolutions, trained by others beside musicnn."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from genretag_train.nets.pretrained.musicnn import EPS

N_FRAMES = 187
"""The only length that it takes: 3 s at 16 kHz in hops of 256."""
WIDTH = 256
"""Values of the last layer before the tags."""

_FILTERS = 128
_POOLS = ((4, 1), (1, 4), (2, 2), (2, 2), (4, 4))
"""Of how many neighbours the strongest stays after each layer, over time and bands."""

# Winograd's minimal filtering F(4, 3), as in A. Lavin and S. Gray, "Fast Algorithms for
# Convolutional Neural Networks", CVPR 2016: 6 inputs and 3 weights, each times one of these,
# are multiplied pairwise, and sums of the 6 products are 4 outputs, which else take 12.
_QUAD = (1, 4)
_FROM_INPUT = (
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0),
    (0.0, -4.0, -4.0, 1.0, 1.0, 0.0),
    (0.0, 4.0, -4.0, -1.0, 1.0, 0.0),
    (0.0, -2.0, -1.0, 2.0, 1.0, 0.0),
    (0.0, 2.0, -1.0, -2.0, 1.0, 0.0),
    (0.0, 4.0, 0.0, -5.0, 0.0, 1.0),
)
_FROM_WEIGHTS = (
    (1 / 4, -1 / 6, -1 / 6, 1 / 24, 1 / 24, 0.0),
    (0.0, -1 / 6, 1 / 6, 1 / 12, -1 / 12, 0.0),
    (0.0, -1 / 6, -1 / 6, 1 / 6, 1 / 6, 1.0),
)


class Vgg(nn.Module):
    """Five layers of filters of 3 frames by 3 bands, each followed by a maximum over neighbours.

    Papers: K. Choi et al., "Automatic tagging using deep convolutional neural networks",
    ISMIR 2016; J. Pons and X. Serra, "musicnn: pre-trained convolutional neural networks for
    music audio tagging", 2019, whose package has these weights.

    Shape:
        mel [batch, 187, 96], log10(1 + 10000 x) of power at 16 kHz, `n_fft` 512, `hop` 256
        -> embedding [batch, 256], unbounded, and logits [batch, n_tags], of which the sigmoid
        is how likely each tag is on its own.
    """

    def __init__(self, n_tags: int = 50, filters: Sequence[int] = (_FILTERS,) * 5) -> None:
        super().__init__()
        self.level = nn.BatchNorm2d(1, eps=EPS)
        self.layers = nn.ModuleList(
            _Layer(before, after, pool)
            for before, after, pool in zip((1, *filters[:-1]), filters, _POOLS, strict=True)
        )
        self.tags = nn.Linear(WIDTH, n_tags)

    def embed(self, mel: Tensor) -> Tensor:
        """Return the output of the last layer, [batch, 256], for patches [batch, 187, 96]."""
        channels: Tensor = self.level(mel.unsqueeze(1))
        for layer in self.layers:
            channels = layer(channels)
        # TensorFlow, where the weights are from, has the channels last.
        return channels.permute(0, 2, 3, 1).flatten(1)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Return embedding [batch, 256] and logits [batch, n_tags] for [batch, 187, 96]."""
        embedding = self.embed(mel)
        return embedding, self.tags(embedding)


class _Layer(nn.Module):
    """Filters and the strongest of neighbours: [batch, before, n, m] -> [batch, after, less, less].

    The original norms everything and then takes the strongest; here it is the other way round,
    with `sign` as in musicnn's banks, which takes half the time. Where the strongest of four
    bands stays, these four are computed together, which takes half the multiplications.
    """

    sign: Tensor

    def __init__(self, before: int, after: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1)
        self.register_buffer("sign", torch.ones(after))
        self.norm = nn.BatchNorm2d(after, eps=EPS)
        self.pool = pool

    def forward(self, channels: Tensor) -> Tensor:
        if self.pool == _QUAD:
            strongest = self._find_strongest_of_four(channels)
        else:
            strongest = functional.max_pool2d(self.conv(channels), self.pool)
        normed: Tensor = self.norm(functional.relu(strongest * self.sign[:, None, None]))
        return normed

    def _find_strongest_of_four(self, channels: Tensor) -> Tensor:
        n_channels = self.conv.in_channels
        weights = self.conv.weight @ self.conv.weight.new_tensor(_FROM_WEIGHTS)
        a, b, c, d, e, f = (
            functional.conv2d(
                functional.conv2d(
                    channels,
                    channels.new_tensor([[[factors]]] * n_channels),
                    stride=_QUAD,
                    padding=(0, 1),
                    groups=n_channels,
                ),
                weights[..., n : n + 1],
                padding=(1, 0),
            )
            for n, factors in enumerate(_FROM_INPUT)
        )
        even, odd, even_2, odd_2 = b + c, b - c, d + e, d - e
        first, second = a + even + even_2, odd + 2 * odd_2
        third, fourth = even + 4 * even_2, odd + 8 * odd_2 + f
        strongest = torch.maximum(torch.maximum(first, second), torch.maximum(third, fourth))
        assert self.conv.bias is not None
        return strongest + self.conv.bias[:, None, None]
