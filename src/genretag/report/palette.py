"""Colours that colour-blind people can tell apart.

From M. Okabe and K. Ito, "Color Universal Design", 2008. Wherever one is used, a name, a position
or a pattern says the same.
"""

COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442")
"""For genres beside each other: visible on any background."""

FOR, AGAINST = "#0072b2", "#e69f00"
"""For parts that speak for and against a genre; they differ in grey as well."""
