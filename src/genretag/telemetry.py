"""Keeps the libraries that genretag uses from reporting to their makers."""

import os
from collections.abc import Mapping

OPT_OUTS: Mapping[str, str] = {
    # Read once, while ONNX Runtime is imported: afterwards it has already left a device id.
    "ORT_DISABLE_TELEMETRY": "1",
    # Also heeded by hf_xet, which the Hub's library uses for large files.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "WANDB_ERROR_REPORTING": "false",
}
"""Environment variables by which each library is told not to report."""


def opt_out() -> None:
    """Set OPT_OUTS for this process and those that it starts, whatever they were before."""
    os.environ.update(OPT_OUTS)
