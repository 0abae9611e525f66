"""What a training reads: texts, given or from runs; as rows of tokens; in batches."""
