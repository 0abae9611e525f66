"""What a model knows of people, asked through the decoder, with the database or without."""
