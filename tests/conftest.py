"""Puts the helpers beside the tests on the import path."""

import genretag  # noqa: F401 - before any test imports ONNX Runtime, which would report
