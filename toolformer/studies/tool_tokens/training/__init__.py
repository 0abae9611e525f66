"""Three stages of training: to memorise the tools, to retrieve them, to act with them."""
