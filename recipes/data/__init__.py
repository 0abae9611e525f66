"""Programs that build the embedded data; see each module."""
