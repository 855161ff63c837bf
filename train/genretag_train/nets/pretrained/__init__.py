"""Networks that others trained, and their published weights."""
