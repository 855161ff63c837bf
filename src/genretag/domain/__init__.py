"""Nouns and pure decisions: standard library and numpy, no input or output."""
