"""The training loop, its batches and augmentation, and a run from clips to a model."""
