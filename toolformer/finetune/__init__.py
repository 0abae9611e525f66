"""From runs to a model that calls tools by itself: training on texts with their kept calls."""
