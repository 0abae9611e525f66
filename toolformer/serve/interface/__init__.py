"""OpenAI's interface: what clients ask for in its words, and what they are told in them."""
