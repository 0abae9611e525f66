"""Annotated texts that show a model where a tool is called, what for, and what comes back."""
