"""How the embedded model and the embedded data were made."""
