"""The tasks that come with the package, one file each, and what they share."""
