"""One training: planned, carried out step by step, watched, and kept on disk whole."""
