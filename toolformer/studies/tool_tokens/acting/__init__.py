"""A task from its query to its answer: thoughts, actions, arguments, observations."""
