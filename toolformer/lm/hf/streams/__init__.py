"""Streams for `infer`: rows of different lengths that choose a token at each step."""
