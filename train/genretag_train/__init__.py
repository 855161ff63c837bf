"""Trains genre classifiers on labelled music and exports them for genretag."""

from genretag.library import paths

paths.adopt_caches()  # many libraries of training import matplotlib
