"""Convolutions along time, then a bidirectional GRU, averaged over time."""

from torch import Tensor, nn

from genretag_train.nets.blocks import (
    Classifier,
    Size,
    make_convolutions_1d,
    make_head,
    make_rnn,
    pool_mean,
)


class Cnn1dGru(Classifier):
    """Three Conv1d blocks (k5, k3, k3) over the mel bands as channels, then a GRU.

    The mean over time goes into a two-layer head. Time is halved twice, so a window needs
    at least 4 frames.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.convolutions = make_convolutions_1d(size)
        self.rnn = make_rnn(nn.GRU, 4 * size.hidden, size)
        self.head = make_head(2 * size.rnn_hidden, size)

    def embed(self, mel: Tensor) -> Tensor:
        """Return the input of the head, [batch, width], for windows [batch, n_frames, n_mels]."""
        local = self.convolutions(mel.transpose(1, 2)).transpose(1, 2)
        states, _ = self.rnn(local)
        return pool_mean(states)
