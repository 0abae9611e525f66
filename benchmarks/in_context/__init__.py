"""What annotation in context must show: every row of its table, each by a command of its own."""
