"""Random changes of training windows that leave their genre what it is.

Each takes a batch `mel` [batch, n_frames, n_mels] in [0, 1] and returns one like it, drawing
anew for each window from torch's generator.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchaudio.functional as audio
from torch import Tensor
from torch.nn.functional import interpolate

from genretag.audio.mel import DYNAMIC_RANGE_DB
from genretag_train.config import TrainConfig

_FILTER_POINTS = 6
_TIME, _MELS = 2, 3


@dataclass(frozen=True)
class Augmentation:
    """One kind of change, made where the setting `strength` is not 0.

    The setting `share` is the probability with which a window is changed.
    """

    strength: str
    share: str
    change: Callable[[Tensor, TrainConfig], Tensor]


def augment(mel: Tensor, config: TrainConfig) -> Tensor:
    """Change `mel` as `config` says, each window by itself."""
    for row in AUGMENTATIONS:
        if not getattr(config, row.strength):
            continue
        changed, share = row.change(mel, config), getattr(config, row.share)
        if share < 1:
            chosen = torch.rand(len(mel), 1, 1, device=mel.device) < share
            changed = torch.where(chosen, changed, mel)
        mel = changed
    return mel


def mask(mel: Tensor, mask_mels: int, mask_frames: int, masks: int) -> Tensor:
    """Set `masks` stretches of bands and of frames to 0: SpecAugment (Park et al., 2019).

    A mask is narrower than `mask_mels` bands or `mask_frames` frames.
    """
    image = mel.unsqueeze(1)
    for _ in range(masks):
        for width, axis in ((mask_mels, _MELS), (mask_frames, _TIME)):
            if width:
                image = audio.mask_along_axis_iid(image, min(width, image.shape[axis]), 0.0, axis)
    return image.squeeze(1)


def shift_bands(mel: Tensor, most: int) -> Tensor:
    """Shift up to `most` bands up or down; the edge band fills the gap."""
    steps = torch.randint(-most, most + 1, (len(mel), 1, 1), device=mel.device)
    bands = (torch.arange(mel.shape[2], device=mel.device) - steps).clamp(0, mel.shape[2] - 1)
    return mel.gather(2, bands.expand(-1, mel.shape[1], -1))


def equalise(mel: Tensor, most_db: float) -> Tensor:
    """Apply a random smooth equaliser of up to `most_db` either way; the floor stays 0."""
    gains_db = most_db * (2.0 * torch.rand(len(mel), 1, _FILTER_POINTS, device=mel.device) - 1.0)
    curve = interpolate(gains_db, mel.shape[2], mode="linear", align_corners=True)
    loud = torch.where(mel > 0, mel + curve / DYNAMIC_RANGE_DB, mel)
    # The loudest point stays at 1, as in a window that was never filtered.
    return (loud - loud.amax(dim=(1, 2), keepdim=True) + 1.0).clamp(0.0, 1.0) * (mel > 0)


def stretch(mel: Tensor, most: float) -> Tensor:
    """Change the tempo by up to `most` (0.1 for 10%) around the middle; the ends are mirrored."""
    frames = mel.shape[1]
    rates = 1.0 + most * (2.0 * torch.rand(len(mel), 1, device=mel.device) - 1.0)
    middle = (frames - 1) / 2
    at = middle + (torch.arange(frames, device=mel.device) - middle) * rates
    at = (frames - 1) - ((at.abs() - (frames - 1)).abs())
    low = at.floor().long().clamp(0, frames - 1)
    high = (low + 1).clamp(max=frames - 1)
    share = (at - low).unsqueeze(2)
    return (1.0 - share) * _take_frames(mel, low) + share * _take_frames(mel, high)


def roll(mel: Tensor, most_frames: int) -> Tensor:
    """Shift up to `most_frames` in time; what leaves one end comes in at the other."""
    steps = torch.randint(-most_frames, most_frames + 1, (len(mel), 1), device=mel.device)
    at = (torch.arange(mel.shape[1], device=mel.device) - steps) % mel.shape[1]
    return _take_frames(mel, at)


def scale(mel: Tensor, most: float) -> Tensor:
    """Multiply a window by one number within `most` of 1; values are cut off at 1."""
    factors = 1.0 + most * (2.0 * torch.rand(len(mel), 1, 1, device=mel.device) - 1.0)
    return (mel * factors).clamp(0.0, 1.0)


def add_noise(mel: Tensor, deviation: float) -> Tensor:
    """Add normal noise to every value; values stay in [0, 1]."""
    return (mel + deviation * torch.randn_like(mel)).clamp(0.0, 1.0)


def _take_frames(mel: Tensor, frames: Tensor) -> Tensor:
    """Return the frames with the numbers `frames` [batch, n_frames] of each window."""
    return mel.gather(1, frames.unsqueeze(2).expand(-1, -1, mel.shape[2]))


def _to_frames(seconds: float, config: TrainConfig) -> int:
    return round(seconds * config.rate_hz / config.hop)


AUGMENTATIONS: tuple[Augmentation, ...] = (
    Augmentation("roll_s", "roll_p", lambda mel, c: roll(mel, _to_frames(c.roll_s, c))),
    Augmentation("stretch", "stretch_p", lambda mel, c: stretch(mel, c.stretch)),
    Augmentation("shift_mels", "shift_p", lambda mel, c: shift_bands(mel, c.shift_mels)),
    Augmentation("filter_db", "filter_p", lambda mel, c: equalise(mel, c.filter_db)),
    Augmentation("gain", "gain_p", lambda mel, c: scale(mel, c.gain)),
    Augmentation("noise", "noise_p", lambda mel, c: add_noise(mel, c.noise)),
    Augmentation(
        "masks",
        "mask_p",
        lambda mel, c: mask(mel, c.mask_mels, _to_frames(c.mask_s, c), c.masks),
    ),
)
"""In the order in which they are applied; masks come last, lest another change fills them."""


def mix_up(mel: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Blend each window with another, and targets alike: mixup (Zhang et al., 2018).

    Args:
        mel: [batch, n_frames, n_mels].
        targets: [batch, n_genres], rows sum to 1.
        alpha: of the Beta distribution from which the shares are drawn.
    """
    share = torch.distributions.Beta(alpha, alpha).sample((len(mel),)).to(mel)
    share = torch.maximum(share, 1.0 - share)
    other = torch.randperm(len(mel), device=mel.device)
    weights, rows = share[:, None, None], share[:, None]
    return (
        weights * mel + (1.0 - weights) * mel[other],
        rows * targets + (1.0 - rows) * targets[other],
    )
