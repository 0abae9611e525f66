"""Databases that a call cannot change, and the names that are in them."""
