"""Convolutions over the spectrogram as a picture: the baseline without a recurrent part."""

from torch import Tensor, nn

from genretag_train.nets.blocks import (
    Size,
    convolutions_2d,
    features_2d,
    head,
    mean_and_max_over_time,
)


class Cnn2d(nn.Module):
    """Three Conv2d blocks (k5, k3, k3), flattened over frequency and pooled over time.

    Time and frequency are halved three times, so a window needs at least 8 frames and 8
    mel bands.

    Shape:
        mel [batch, n_frames, n_mels] -> logits [batch, n_genres]
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.convolutions = convolutions_2d(size)
        width = 2 * features_2d(size)
        # Thousands of unbounded values at once would silence the head for good in the first epoch.
        self.norm = nn.BatchNorm1d(width)
        self.head = head(width, size)

    def embed(self, mel: Tensor) -> Tensor:
        """What the head is given, [batch, width], of windows [batch, n_frames, n_mels]."""
        local = self.convolutions(mel.unsqueeze(1))
        pooled = mean_and_max_over_time(local.transpose(1, 2).flatten(2))
        normed: Tensor = self.norm(pooled)
        return normed

    def forward(self, mel: Tensor) -> Tensor:
        """Logits [batch, n_genres] of windows [batch, n_frames, n_mels] in [0, 1]."""
        logits: Tensor = self.head(self.embed(mel))
        return logits
