"""Trains genre classifiers and exports them for genretag."""
