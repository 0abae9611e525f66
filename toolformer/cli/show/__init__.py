"""What `toolformer show` prints of a run: calls, tables, and why there is none at a place."""
