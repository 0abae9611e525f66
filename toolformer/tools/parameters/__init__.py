"""How a call's arguments are read by the parameters of its tool."""
