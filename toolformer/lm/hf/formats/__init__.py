"""Models that are not a directory of safetensors: in GGUF, as an adapter, in memory."""
