"""Heads on frozen, pretrained backbones, and what they are worth by cross-validation."""
