"""Decoding that stops for tools: a model writes a call, the tool runs, the model reads on."""
