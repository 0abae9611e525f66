"""Who answers: one thread that decodes, or another server."""
