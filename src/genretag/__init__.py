"""Listens to a local music library and writes genre tags into the files."""

from genretag import telemetry

__version__ = "0.1.0"

# Here, because libraries read it while they are imported, and nothing of genretag is imported
# before its package is.
telemetry.opt_out()
