"""A real model on a GPU that is lent for minutes, on a machine without a network."""
