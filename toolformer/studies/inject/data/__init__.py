"""The facts and the questions about them: made by seed, written as JSON lines, read again."""
