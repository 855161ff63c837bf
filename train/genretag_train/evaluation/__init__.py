"""Scores of a model on labelled clips, its calibration and its card."""
