"""Many small models of one width trained side by side, as one program over stacked weights."""
