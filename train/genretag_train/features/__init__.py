"""Features of labelled clips: computed, stored, and put together as a corpus."""
