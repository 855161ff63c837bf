"""Networks: a module and a row in `NETS` for each architecture.

All take mel spectrograms [batch, n_frames, n_mels] in [0, 1] and return logits [batch, n_genres].
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genretag_train.nets.blocks import Classifier, Size

NETS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "cnn1d_gru": ("cnn1d_gru.Cnn1dGru", {}),
    "cnn1d_lstm": ("cnn1d_lstm.Cnn1dLstm", {}),
    "cnn1d_lstm_uni": ("cnn1d_lstm.Cnn1dLstm", {"bidirectional": False}),
    "cnn2d": ("cnn2d.Cnn2d", {}),
    "cnn2d_gru": ("cnn2d_rnn.Cnn2dRnn", {"kind": "GRU"}),
    "cnn2d_lstm": ("cnn2d_rnn.Cnn2dRnn", {"kind": "LSTM"}),
}
"""Module and class of each architecture, and options; by name, so that --help needs no torch."""


def make_net(arch: str, size: "Size") -> "Classifier":
    """Return a new network of an architecture in `NETS`."""
    path, options = NETS[arch]
    module, name = path.split(".")
    net: Classifier = getattr(import_module(f"{__name__}.{module}"), name)(size, **options)
    return net
