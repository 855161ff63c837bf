"""Labelled music: data sets, their downloads, and who is on which side of a split."""
