"""Cards: what a repository on the Hub says of what is in it."""
