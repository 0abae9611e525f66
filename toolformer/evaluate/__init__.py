"""What a tuned model is worth: tasks, columns of models side by side, and the tables made of them."""
