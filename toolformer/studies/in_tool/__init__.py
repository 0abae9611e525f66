"""In-Tool Learning: facts memorised in the weights of a model, against a request it learns to make.

After "Provable Benefits of In-Tool Learning for Large Language Models". Four parts: `data/` makes
people and what is asked about them, `training/` trains many small models at once, `recall/` asks
them through the decoder and the `Database` tool, `forgetting/` teaches a pretrained model.
"""
