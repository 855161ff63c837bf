"""Listens to a local music library and writes genre tags into the files."""

from importlib.metadata import version

__version__ = version("genretag")
