"""Fits heads to labelled embeddings, calibrates them and measures them; NumPy alone."""
