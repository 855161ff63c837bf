"""Stages of a run over files, composed of the rooms below; they yield outcomes and never print."""
