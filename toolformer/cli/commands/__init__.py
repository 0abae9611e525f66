"""One file a subcommand: a function of its name, whose parameters are annotated for typer."""
