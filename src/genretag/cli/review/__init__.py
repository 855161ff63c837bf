"""`genretag review`: a person decides what scans leave in doubt, on a screen or line by line."""
