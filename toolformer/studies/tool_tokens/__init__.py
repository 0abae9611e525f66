"""Tools as tokens: each API of a catalogue is a token that a model learns to write.

After ToolGen (arXiv 2410.03439): a model memorises the tools, then retrieves them by query, then
acts with them from end to end. Trainer, decoder and tools are those of the package.
"""
