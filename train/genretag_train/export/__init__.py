"""Models to hand on: released files, their precision, and the Hugging Face Hub."""
