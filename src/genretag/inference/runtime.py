"""ONNX Runtime, for everything that runs models: imported here alone, so that it sends nothing."""

import onnxruntime as ort  # noqa: TID251
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state  # noqa: TID251

# `genretag.telemetry` came first, unless the caller had imported ONNX Runtime before genretag;
# and on Windows it heeds this alone.
ort.disable_telemetry_events()

__all__ = ["ort", "ort_state"]
