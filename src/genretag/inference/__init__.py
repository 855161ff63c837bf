"""From mel windows to calibrated scores: models, where they are found and how they run."""
