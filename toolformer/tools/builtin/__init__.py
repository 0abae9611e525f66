"""The tools that come with the package, one file each, and what they are made of."""
