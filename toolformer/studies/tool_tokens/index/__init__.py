"""How tools are named by tokens, and models that have these tokens."""
