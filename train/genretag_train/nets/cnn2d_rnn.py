"""Convolutions over the spectrogram as a picture, then an LSTM or a GRU."""

from typing import Literal

from torch import Tensor, nn

from genretag_train.nets.blocks import (
    Classifier,
    Size,
    count_features_2d,
    make_convolutions_2d,
    make_head,
    make_rnn,
    pool_mean_and_max,
)


class Cnn2dRnn(Classifier):
    """Three Conv2d blocks (k5, k3, k3), flattened over frequency into a bidirectional RNN.

    Mean and maximum over time are concatenated before a two-layer head. Time and frequency
    are halved three times, so a window needs at least 8 frames and 8 mel bands.
    """

    def __init__(self, size: Size, kind: Literal["LSTM", "GRU"]) -> None:
        super().__init__()
        self.convolutions = make_convolutions_2d(size)
        self.rnn = make_rnn(getattr(nn, kind), count_features_2d(size), size)
        self.head = make_head(4 * size.rnn_hidden, size)

    def embed(self, mel: Tensor) -> Tensor:
        """Return the input of the head, [batch, width], for windows [batch, n_frames, n_mels]."""
        local = self.convolutions(mel.unsqueeze(1))
        states, _ = self.rnn(local.transpose(1, 2).flatten(2))
        return pool_mean_and_max(states)
