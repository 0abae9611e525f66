"""How well tools are remembered, retrieved and used, beside searches that learn nothing."""
