"""A small causal language model from scratch on local text."""
