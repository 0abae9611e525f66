"""The whole loop in one command: a corpus, its annotation, the tuned models and their tables."""
