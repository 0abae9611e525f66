"""Arms against one another: which there are, and how far they are apart."""
