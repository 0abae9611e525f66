"""Tool learning for small models on API-Bank: rows, a sweep of trainings, predictions, scores.

After ac-99/small-model-tool-learning, which tuned Phi-3-mini on API-Bank (arXiv 2304.08244) with
QLoRA. The trainer, the decoder and the intervals are those of the package.
"""
