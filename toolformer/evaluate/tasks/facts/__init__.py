"""Facts of T-REx in cloze sentences, and what a model says once they are changed or deleted."""
