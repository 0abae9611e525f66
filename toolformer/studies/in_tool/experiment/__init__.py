"""Models of the study, trained and asked: one, or a grid of them."""
