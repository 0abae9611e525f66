"""A data engine that lets a causal language model teach itself to use tools."""
