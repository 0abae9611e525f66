"""A pretrained model taught facts, in its weights or by the tool: what it learns and forgets."""
