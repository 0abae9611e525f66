"""What the system asks of a causal language model, and the models that answer."""
