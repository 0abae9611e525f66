"""One shard as a Parquet file: annotated documents to bytes, and whatever bytes to documents."""
