"""Model files: where they come from, how they get here whole, and the proof that they are what they should be."""
