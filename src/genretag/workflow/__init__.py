"""What genretag does with files, composed of the rooms below; yields outcomes, never prints."""
