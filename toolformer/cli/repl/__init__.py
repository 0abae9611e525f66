"""The REPL: a session of prompts, its commands, and the lines it reads."""
