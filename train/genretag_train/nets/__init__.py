"""Networks: a module and a row in `NETS` for each architecture.

All take mel spectrograms [batch, n_frames, n_mels] in [0, 1] and return logits [batch, n_genres].
"""

from collections.abc import Callable, Mapping
from functools import partial

from torch import nn

from genretag_train.nets.blocks import Size
from genretag_train.nets.cnn1d_gru import Cnn1dGru
from genretag_train.nets.cnn1d_lstm import Cnn1dLstm
from genretag_train.nets.cnn2d import Cnn2d
from genretag_train.nets.cnn2d_rnn import Cnn2dRnn

__all__ = ["NETS", "Size"]

NETS: Mapping[str, Callable[[Size], nn.Module]] = {
    "cnn1d_gru": Cnn1dGru,
    "cnn1d_lstm": Cnn1dLstm,
    "cnn1d_lstm_uni": partial(Cnn1dLstm, bidirectional=False),
    "cnn2d": Cnn2d,
    "cnn2d_gru": partial(Cnn2dRnn, kind=nn.GRU),
    "cnn2d_lstm": partial(Cnn2dRnn, kind=nn.LSTM),
}
