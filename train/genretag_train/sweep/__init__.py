"""Many runs: hyperparameter sweeps, and recipes compared over one split."""
