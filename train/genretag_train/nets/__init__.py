"""Networks: a module and a row in `NETS` for each architecture.

All take mel spectrograms `mel` [batch, n_frames, n_mels] and give `logits` [batch, n_genres].
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from torch import nn

from genretag_train.nets.cnn1d_lstm import Cnn1dLstm


@dataclass(frozen=True)
class Size:
    """What every architecture is told: its input, its output and how wide it is."""

    n_mels: int
    n_genres: int
    hidden: int
    rnn_hidden: int
    dropout: float


def _built(net: Callable[..., nn.Module], size: Size) -> nn.Module:
    return net(size.n_mels, size.n_genres, size.hidden, size.rnn_hidden, size.dropout)


NETS: Mapping[str, Callable[[Size], nn.Module]] = {
    "cnn1d_lstm": partial(_built, Cnn1dLstm),
    "cnn1d_lstm_uni": partial(_built, partial(Cnn1dLstm, bidirectional=False)),
}
