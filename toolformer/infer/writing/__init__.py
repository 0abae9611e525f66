"""One answer as it is written: where it begins, the text that grows, the calls in it."""
