"""Many samples off one text: four ways to decode them, and which of these a model is exact in."""
