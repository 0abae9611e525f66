"""The forms in which a model comes: a directory of safetensors, GGUF, an adapter, in memory."""
