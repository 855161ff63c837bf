"""Removes filters whose output is constant.

Training drove the weights of many filters of the published taggers to zero: of the 561 first
ones of `MSD_musicnn` 64 still respond to their input. Any other puts the same number into its
channel whatever is played, so what reads that channel can as well read another such channel,
times the ratio of the two numbers. One of them is kept, and the outputs stay what they were, to
the rounding of the arithmetic.
"""

from collections.abc import Sequence
from functools import singledispatch

import torch
from torch import Tensor, nn

from genretag_train.nets.pretrained.musicnn import BLOCK, EPS, Musicnn
from genretag_train.nets.pretrained.vgg import Vgg

MIN_GAIN = 1e-4
"""A filter is alive if its normed output changes by more than this per unit of its input's norm."""

State = dict[str, Tensor]


@singledispatch
def prune(net: nn.Module) -> nn.Module:
    """Return a net that computes what `net` does, in evaluation, without its dead filters.

    The outputs differ by what `MIN_GAIN` lets through and by rounding; `net` stays as it is.
    """
    raise TypeError(f"cannot prune a {type(net).__name__}")


@prune.register
def _(net: Musicnn) -> Musicnn:
    state = net.state_dict()
    banks = [name.removesuffix(".sign") for name in state if name.endswith(".sign")]
    kept, merge = _find_merge(state, banks)
    sizes = [len(state[f"{bank}.sign"]) for bank in banks]
    parts = torch.split(kept, sizes)
    for bank, part in zip(banks, parts, strict=True):
        _keep_channels(state, bank, part)
    state["middle.0.conv.weight"] = _merge_inputs(state["middle.0.conv.weight"], merge)
    # The norm before the dense layer becomes part of it: merged channels had different ones.
    scale, shift = _compute_affine(state, "pooled")
    dense = state["dense.weight"].double()
    state["dense.bias"] = (state["dense.bias"] + dense @ shift).float()
    by_channel = (dense * scale).view(len(dense), -1, 2)  # maximum and mean of each
    banked, middle = by_channel[:, : sum(sizes)], by_channel[:, sum(sizes) :]
    state["dense.weight"] = torch.cat(
        [_merge_inputs(banked, merge), middle.float()], dim=1
    ).flatten(1)
    smaller = Musicnn(len(state["tags.bias"]), [int(part.sum()) for part in parts])
    state |= {f"pooled.{name}": value for name, value in smaller.pooled.state_dict().items()}
    state["pooled.running_var"] -= EPS  # so that it leaves everything as it is
    smaller.load_state_dict(state)
    return smaller.eval()


@prune.register
def _(net: Vgg) -> Vgg:
    state, sizes = net.state_dict(), []
    for n in range(len(net.layers) - 1):  # the last one's channels are the embedding
        kept, merge = _find_merge(state, [f"layers.{n}"], BLOCK)
        _keep_channels(state, f"layers.{n}", kept)
        reader = f"layers.{n + 1}.conv.weight"
        state[reader] = _merge_inputs(state[reader], merge)
        sizes.append(int(kept.sum()))
    smaller = Vgg(len(state["tags.bias"]), [*sizes, len(state[reader])])
    smaller.load_state_dict(state)
    return smaller.eval()


def _find_merge(state: State, layers: Sequence[str], block: int = 1) -> tuple[Tensor, Tensor]:
    """Return which channels of layers side by side stay, [n] of bool, and how others are read.

    Channel k is the sum over the kept channels j of `merge[j, k]` times j. Dead ones fill up
    the last block of `block` channels. A layer is a convolution, a sign for its strongest
    output, a cut at zero, and a norm.
    """
    alive, constants = [], []
    for layer in layers:
        scale, shift = _compute_affine(state, f"{layer}.norm")
        size = state[f"{layer}.conv.weight"].double().flatten(1).norm(dim=1)
        alive.append(size * scale.abs() > MIN_GAIN)
        bias = state[f"{layer}.conv.bias"].double() * state[f"{layer}.sign"]
        constants.append(bias.relu() * scale + shift)
    kept, constant = torch.cat(alive), torch.cat(constants)
    merge = torch.eye(len(kept), dtype=torch.double)
    dead = ~kept
    if dead.any():
        largest = int(torch.where(dead, constant.abs(), -1.0).argmax())
        kept[largest] = True
        merge[:, dead] = 0
        merge[largest, dead] = constant[dead] / constant[largest]
        kept[(~kept).nonzero()[: -int(kept.sum()) % block, 0]] = True
    return kept, merge[kept]


def _keep_channels(state: State, layer: str, kept: Tensor) -> None:
    """Remove from all of a layer's parameters and statistics what is not kept."""
    for name in [name for name in state if name.startswith(f"{layer}.") and state[name].ndim]:
        state[name] = state[name][kept]


def _merge_inputs(weight: Tensor, merge: Tensor) -> Tensor:
    """Turn weights [out, n, ...] over all channels into [out, n_kept, ...] over the kept."""
    return torch.einsum("on...,kn->ok...", weight.double(), merge).float()


def _compute_affine(state: State, norm: str) -> tuple[Tensor, Tensor]:
    """Return factor and summand of a norm with fixed statistics, in double precision."""
    weight, bias, mean, variance = (
        state[f"{norm}.{part}"].double()
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = weight / (variance + EPS).sqrt()
    return scale, bias - mean * scale
