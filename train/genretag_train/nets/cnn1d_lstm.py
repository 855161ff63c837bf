"""Convolutions along time, then an LSTM, pooled over time."""

import torch
from torch import Tensor, nn


class Cnn1dLstm(nn.Module):
    """Three Conv1d blocks (k5, k3, k3) over the mel bands as channels, then an LSTM.

    Mean and maximum over time are concatenated before a two-layer head. Time is halved
    twice, so a window needs at least 4 frames.

    Shape:
        mel [batch, n_frames, n_mels] -> logits [batch, n_genres]
    """

    def __init__(
        self,
        n_mels: int,
        n_genres: int,
        hidden: int,
        rnn_hidden: int,
        dropout: float,
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            *_block(n_mels, hidden, 5),
            nn.MaxPool1d(2),
            *_block(hidden, 2 * hidden, 3),
            nn.MaxPool1d(2),
            *_block(2 * hidden, 4 * hidden, 3),
            nn.Dropout(dropout),
        )
        self.rnn = nn.LSTM(4 * hidden, rnn_hidden, batch_first=True, bidirectional=bidirectional)
        width = 2 * rnn_hidden * (2 if bidirectional else 1)
        self.head = nn.Sequential(
            nn.Linear(width, rnn_hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(rnn_hidden, n_genres),
        )

    def forward(self, mel: Tensor) -> Tensor:
        """Logits [batch, n_genres] of windows [batch, n_frames, n_mels] in [0, 1]."""
        local = self.convolutions(mel.transpose(1, 2)).transpose(1, 2)
        states, _ = self.rnn(local)
        pooled = torch.cat([states.mean(dim=1), states.amax(dim=1)], dim=1)
        logits: Tensor = self.head(pooled)
        return logits


def _block(channels_in: int, channels_out: int, width: int) -> list[nn.Module]:
    return [
        nn.Conv1d(channels_in, channels_out, width, padding=width // 2),
        nn.BatchNorm1d(channels_out),
        nn.ReLU(),
    ]
