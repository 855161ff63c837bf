"""Convolutions over the spectrogram as a picture, then an LSTM or a GRU."""

from torch import Tensor, nn

from genretag_train.nets.blocks import (
    Size,
    convolutions_2d,
    features_2d,
    head,
    mean_and_max_over_time,
    recurrent,
)


class Cnn2dRnn(nn.Module):
    """Three Conv2d blocks (k5, k3, k3), flattened over frequency into a bidirectional RNN.

    Mean and maximum over time are concatenated before a two-layer head. Time and frequency
    are halved three times, so a window needs at least 8 frames and 8 mel bands.

    Shape:
        mel [batch, n_frames, n_mels] -> logits [batch, n_genres]
    """

    def __init__(self, size: Size, kind: type[nn.LSTM] | type[nn.GRU]) -> None:
        super().__init__()
        self.convolutions = convolutions_2d(size)
        self.rnn = recurrent(kind, features_2d(size), size)
        self.head = head(4 * size.rnn_hidden, size)

    def embed(self, mel: Tensor) -> Tensor:
        """What the head is given, [batch, width], of windows [batch, n_frames, n_mels]."""
        local = self.convolutions(mel.unsqueeze(1))
        states, _ = self.rnn(local.transpose(1, 2).flatten(2))
        return mean_and_max_over_time(states)

    def forward(self, mel: Tensor) -> Tensor:
        """Logits [batch, n_genres] of windows [batch, n_frames, n_mels] in [0, 1]."""
        logits: Tensor = self.head(self.embed(mel))
        return logits
