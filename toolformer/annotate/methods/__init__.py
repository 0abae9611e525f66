"""Where a call could go, what it could say, and what it is worth: the paper's way and in context."""
