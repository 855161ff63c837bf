"""Trains genre classifiers on labelled music and exports them for genretag."""
