"""The music folder on disk, and where genretag keeps its own files."""
