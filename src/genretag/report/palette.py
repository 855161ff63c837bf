"""Colours that people tell apart who see no red, no green, no blue, or only grey."""

COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442")
"""Of M. Okabe and K. Ito, "Color Universal Design", 2008: those that stand out on any ground.

They only help: wherever one is used, a name or a place says the same.
"""
