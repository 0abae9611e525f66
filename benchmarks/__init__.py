"""Speed and quality measurements; each command prints a section of a page of docs/results/."""
