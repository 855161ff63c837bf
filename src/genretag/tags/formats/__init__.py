"""The formats of tags, each as bytes, whichever container they lie in."""
