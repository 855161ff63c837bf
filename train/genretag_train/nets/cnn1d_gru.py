"""Convolutions along time, then a bidirectional GRU, averaged over time."""

from torch import Tensor, nn

from genretag_train.nets.blocks import Size, convolutions_1d, head, mean_over_time, recurrent


class Cnn1dGru(nn.Module):
    """Three Conv1d blocks (k5, k3, k3) over the mel bands as channels, then a GRU.

    The mean over time goes into a two-layer head. Time is halved twice, so a window needs
    at least 4 frames.

    Shape:
        mel [batch, n_frames, n_mels] -> logits [batch, n_genres]
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.convolutions = convolutions_1d(size)
        self.rnn = recurrent(nn.GRU, 4 * size.hidden, size)
        self.head = head(2 * size.rnn_hidden, size)

    def embed(self, mel: Tensor) -> Tensor:
        """What the head is given, [batch, width], of windows [batch, n_frames, n_mels]."""
        local = self.convolutions(mel.transpose(1, 2)).transpose(1, 2)
        states, _ = self.rnn(local)
        return mean_over_time(states)

    def forward(self, mel: Tensor) -> Tensor:
        """Logits [batch, n_genres] of windows [batch, n_frames, n_mels] in [0, 1]."""
        logits: Tensor = self.head(self.embed(mel))
        return logits
