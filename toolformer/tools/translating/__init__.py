"""Translation: which language a text is in, and what translates it."""
