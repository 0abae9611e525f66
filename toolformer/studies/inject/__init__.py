"""Fact injection: made-up facts in the texts of a pretraining, and what stays of them.

How the facts are made (`data/`), where in a training they stand (`placement.py`), how well they are
recalled afterwards, and the same facts asked of a database in place of the weights (`by_tool.py`).
"""
