"""Where a call could go and what it is worth: in the paper's way, and in context."""
