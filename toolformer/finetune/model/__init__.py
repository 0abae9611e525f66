"""The model that is trained: as it starts, and with an adapter on it."""
