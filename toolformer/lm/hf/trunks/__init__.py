"""Texts read under their prompts: where a call could start, and what branches continue from."""
