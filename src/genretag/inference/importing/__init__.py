"""Makes one self-describing model out of ONNX files and metadata that other people published."""
