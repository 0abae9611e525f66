"""The shape of the models: Llama's, with two layers, two heads and untied embeddings."""

from toolformer.studies.in_tool.training.byte_tokenizer import VOCABULARY

LAYERS = 2
HEADS = 2
MLP = 4  # widths of the layer between
CONTEXT = 256  # tokens
EPSILON = 1e-6  # of the norms
ROTARY_BASE = 10_000.0


def parameters(width: int) -> int:
    """Returns how many parameters a model of a width has: 520 d + 32 d² + 5 d.

    Two embeddings of 260 tokens; in each layer 4 d² of attention and 3 · 4 d² of the MLP; a norm in
    front of each of these, and one at the end.

    >>> parameters(8), parameters(32), parameters(64)
    (6248, 49568, 164672)
    """
    embeddings = 2 * VOCABULARY * width
    layers = LAYERS * (4 + 3 * MLP) * width**2
    norms = (2 * LAYERS + 1) * width
    return embeddings + layers + norms
