"""Colours that people tell apart who see no red, no green or no blue.

Of M. Okabe and K. Ito, "Color Universal Design", 2008. They only help: wherever one is used, a
name, a place or a pattern says the same.
"""

COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442")
"""For genres beside each other: those that stand out on any ground."""

FOR, AGAINST = "#0072b2", "#e69f00"
"""For what speaks for a genre and what speaks against it: these differ in grey as well."""
