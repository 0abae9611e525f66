"""Speed and quality measurements; each command prints a section for docs/results.md."""
