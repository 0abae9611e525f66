"""APIs with their documentation, queries for them, and endpoints that answer and can be checked."""
