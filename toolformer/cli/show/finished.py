"""What came of an annotation: some texts, counts per tool, and where the run is."""

from shlex import quote

from toolformer.calls import grammar_from_dict
from toolformer.cli.display.console import answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import spell_seconds
from toolformer.cli.display.tables import tool_table, unavailable_line, verdict_line
from toolformer.cli.display.texts import dozen, kept_text
from toolformer.runs.directory import Run


def print_run(run: Run, seconds: float, *, share: str | None, as_json: bool) -> str:
    """Prints what is there of a run; returns which tools could not be reached, and what to do."""
    run.incomplete = share is not None  # the other shares may not be done yet
    stats = run.stats()
    if as_json:
        print_json({"run": run.name, "seconds": round(seconds, 3)} | stats.to_dict())
    elif share is not None and (lack := run.lack()):
        answer_console().print(
            f"Share {share} is done. The run '{run.name}' {lack}.", soft_wrap=True
        )
    else:
        _report(run, seconds)
    return unavailable_line(stats)


def _report(run: Run, seconds: float) -> None:
    """Prints the table per tool and a dozen texts."""
    console = answer_console()
    thresholds = run.thresholds
    names, stats = list(thresholds), run.stats()
    grammar = grammar_from_dict(run.manifest.grammar)
    for annotated in dozen(run.documents(), names):
        console.print(kept_text(annotated, grammar, thresholds))
        console.print()
    console.print(tool_table(stats, names))
    console.print(verdict_line(stats))
    nats = ", ".join(f"{name} {each}" for name, each in thresholds.items())
    console.print(f"A kept call saves {run.manifest.model.name} at least so many nats: {nats}.")
    console.print(f"Done in {spell_seconds(seconds)}. The run is in {run.name}: see it with")
    console.print(f"  toolformer show {quote(run.name)}")
