"""Convolutions over the spectrogram as a picture: the baseline without a recurrent part."""

from torch import Tensor, nn

from genretag_train.nets.blocks import (
    Classifier,
    Size,
    count_features_2d,
    make_convolutions_2d,
    make_head,
    pool_mean_and_max,
)


class Cnn2d(Classifier):
    """Three Conv2d blocks (k5, k3, k3), flattened over frequency and pooled over time.

    Time and frequency are halved three times, so a window needs at least 8 frames and 8
    mel bands.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.convolutions = make_convolutions_2d(size)
        width = 2 * count_features_2d(size)
        # Thousands of unbounded values at once would leave the head at 0 after the first epoch.
        self.norm = nn.BatchNorm1d(width)
        self.head = make_head(width, size)

    def embed(self, mel: Tensor) -> Tensor:
        """Return the input of the head, [batch, width], for windows [batch, n_frames, n_mels]."""
        local = self.convolutions(mel.unsqueeze(1))
        pooled = pool_mean_and_max(local.transpose(1, 2).flatten(2))
        normed: Tensor = self.norm(pooled)
        return normed
