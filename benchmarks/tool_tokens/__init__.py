"""Tools as tokens, measured: memory, retrieval, tasks; without a stage; unseen tools; scale."""
