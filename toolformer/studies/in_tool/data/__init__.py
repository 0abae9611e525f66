"""People who do not exist, and texts, questions and a database about them. No tokens, no model."""
