"""The commands of `genretag train`."""
