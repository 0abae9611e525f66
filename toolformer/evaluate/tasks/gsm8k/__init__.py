"""GSM8K's word problems: their solutions with human marks, read, rescaled and asked."""
