"""Puts the helpers beside the tests on the import path."""
