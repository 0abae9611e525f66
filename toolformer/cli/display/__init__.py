"""All that rich paints: answers, texts, tables and bars."""
