"""A causal language model of `transformers`: the one place that knows torch and a cache."""
