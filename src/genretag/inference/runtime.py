"""Imports ONNX Runtime; nothing else may, so that it never reports to its makers."""

import onnxruntime as ort  # noqa: TID251
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state  # noqa: TID251

# `genretag.telemetry` has set its variable, unless the caller imported ONNX Runtime before
# genretag; and on Windows only this call counts.
ort.disable_telemetry_events()

__all__ = ["ort", "ort_state"]
