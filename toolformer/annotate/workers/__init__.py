"""Workers on one machine or many: each holds a model, and a driver hands them shards."""
