"""Readers: what finds an answer to a question in a passage."""
