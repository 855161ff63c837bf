"""Decodes audio files, computes mel spectrograms, and identifies encoded audio."""
