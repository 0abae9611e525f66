"""How calls are run: in this process or in a worker with limits, remembered, with patience."""
