"""Changes to training windows that must not change what they are called.

Each takes a batch `mel` [batch, n_frames, n_mels] in [0, 1] and gives one like it, drawing
anew for each window from torch's generator.
"""

import torch
import torchaudio.functional as audio
from torch import Tensor
from torch.nn.functional import interpolate

from genretag.audio.mel import DYNAMIC_RANGE_DB
from genretag_train.config import TrainConfig

_FILTER_POINTS = 6
_FRAMES, _MELS = 2, 3


def augmented(mel: Tensor, config: TrainConfig) -> Tensor:
    """`mel` shifted, filtered and masked as `config` says."""
    if config.shift_mels:
        mel = shifted(mel, config.shift_mels)
    if config.filter_db:
        mel = filtered(mel, config.filter_db)
    mask_frames = round(config.mask_s * config.rate_hz / config.hop)
    return masked(mel, config.mask_mels, mask_frames, config.masks)


def masked(mel: Tensor, mask_mels: int, mask_frames: int, masks: int) -> Tensor:
    """SpecAugment (Park et al., 2019): `masks` stretches of bands and of frames set to 0.

    A mask is narrower than `mask_mels` bands or `mask_frames` frames.
    """
    image = mel.unsqueeze(1)
    for _ in range(masks):
        for width, axis in ((mask_mels, _MELS), (mask_frames, _FRAMES)):
            if width:
                image = audio.mask_along_axis_iid(image, min(width, image.shape[axis]), 0.0, axis)
    return image.squeeze(1)


def shifted(mel: Tensor, most: int) -> Tensor:
    """Up to `most` bands up or down; the edge band fills what comes free."""
    steps = torch.randint(-most, most + 1, (len(mel), 1, 1))
    bands = (torch.arange(mel.shape[2]) - steps).clamp(0, mel.shape[2] - 1)
    return mel.gather(2, bands.expand(-1, mel.shape[1], -1))


def filtered(mel: Tensor, most_db: float) -> Tensor:
    """Through a random smooth equaliser of up to `most_db` either way; the floor stays 0."""
    gains_db = most_db * (2.0 * torch.rand(len(mel), 1, _FILTER_POINTS) - 1.0)
    curve = interpolate(gains_db, mel.shape[2], mode="linear", align_corners=True)
    loud = torch.where(mel > 0, mel + curve / DYNAMIC_RANGE_DB, mel)
    # The loudest point stays at 1, as in a window that was never filtered.
    return (loud - loud.amax(dim=(1, 2), keepdim=True) + 1.0).clamp(0.0, 1.0) * (mel > 0)


def mixed(mel: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al., 2018): each window blended with another, targets alike.

    Args:
        mel: [batch, n_frames, n_mels].
        targets: [batch, n_genres], rows sum to 1.
        alpha: of the Beta distribution from which the shares are drawn.
    """
    share = torch.distributions.Beta(alpha, alpha).sample((len(mel),))
    share = torch.maximum(share, 1.0 - share)
    other = torch.randperm(len(mel))
    weights, rows = share[:, None, None], share[:, None]
    return (
        weights * mel + (1.0 - weights) * mel[other],
        rows * targets + (1.0 - rows) * targets[other],
    )
