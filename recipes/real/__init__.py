"""A real pretrained model teaches itself: its exemplars, its corpora, its tables."""
