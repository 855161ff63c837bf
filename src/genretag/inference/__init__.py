"""Finds models, and scores mel windows with them."""
