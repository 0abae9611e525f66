"""Texts as they are read: in windows, at places, and what a call may take from them."""
