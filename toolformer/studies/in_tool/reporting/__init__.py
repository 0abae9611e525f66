"""What a sweep comes to: tables and plots beside the published values."""
