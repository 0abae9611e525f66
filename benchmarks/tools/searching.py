"""Does a model that was tuned on its own searches search: `python -m benchmarks.tools.searching`.

The run is the one that `benchmarks.tools.fates` leaves: sentences in which a model as it comes kept
searches. Tuned on them, it continues sentences of templates and facts that no run has seen, about
the subjects of articles. Right is an output with the object among its first five words.
"""

import argparse
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path

from benchmarks import report
from benchmarks.tools.search import pages
from recipes.data.sources import read_facts, read_templates
from recipes.splits import is_evaluation_template, owner
from toolformer.evaluate import (
    Arm,
    Calls,
    EvaluateConfig,
    Example,
    Results,
    Trial,
    evaluate,
    read_trials,
)
from toolformer.evaluate.tasks.answers import first_words_task
from toolformer.finetune import FinetuneConfig, finetune, read_run
from toolformer.lm.registry import load_model

SHOWN = 6  # outputs with a search


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--run", type=Path, default=Path("build/fates/WikiSearch"))
    made.add_argument("--index", type=Path, default=Path("build/fates/index"))
    made.add_argument("--model", default="build/smollm2", help="that annotated the run")
    made.add_argument("--prompts", type=int, default=100)
    made.add_argument("--epochs", type=int, default=3)
    made.add_argument("--k", type=int, default=10, help="a call starts among so many tokens")
    made.add_argument("--out", type=Path, default=Path("build/searching"), help="keeps all of it")
    made.add_argument("--shared", type=Path, default=Path("../shared/data"))
    made.add_argument("--write", type=Path, help="put the tables into this page of docs/results/")
    given = made.parse_args()
    tuned = given.out / "tuned"
    learned = finetune(
        [read_run(given.run)],
        model=given.model,
        out=tuned,
        config=FinetuneConfig(epochs=given.epochs),
    )
    task = first_words_task(
        name="facts",
        examples=lambda: islice(cloze_sentences(given.shared), given.prompts),
    )
    arms = [
        Arm("as it comes", given.model, Calls.NONE),
        Arm("tuned, no search", str(tuned), Calls.DISABLED),
        Arm("tuned, searching", str(tuned), Calls.LIVE, (f"search:index={given.index}",)),
    ]
    found = evaluate(
        [task],
        arms,
        out=given.out / "evaluation",
        config=EvaluateConfig(ks=(given.k,)),
        load=partial(load_model, device="cpu"),
    )
    parts: list[str] = [told(found), "Some outputs with a search:", shown(found, given.out)]
    settings = {
        "texts learned": learned.texts,
        "with a search": sum(learned.texts_per_tool.values()),
        "prompts": given.prompts,
        "k": given.k,
    }
    text = report.section(
        "Searching", parts, module="benchmarks.tools.searching", settings=settings
    )
    report.publish(text, name="searching", path=given.write)


def cloze_sentences(shared: Path) -> Iterator[Example]:
    """Yields beginnings of sentences that end in a fact's object, in an order drawn by hash."""
    titles = {page.title for page in pages(shared)}
    patterns: dict[str, list[str]] = {}
    for template in read_templates(shared):
        pattern = template.pattern.strip()
        begins_with_subject = pattern.find("[X]") < pattern.find("[Y]")
        is_kept = is_evaluation_template(template.relation, template.pattern)
        if is_kept and begins_with_subject and template.ends_in_object():
            patterns.setdefault(template.relation, []).append(pattern.partition(" [Y]")[0])
    facts = [
        fact
        for fact in read_facts(shared)
        if fact.relation in patterns
        and owner(fact.subject) == "evaluate"
        and fact.subject in titles
    ]
    answers: dict[tuple[str, str], list[str]] = {}
    for fact in facts:
        answers.setdefault((fact.subject, fact.relation), []).append(fact.object)

    def digest(asked: tuple[str, str]) -> str:
        return sha256("/".join(asked).encode()).hexdigest()

    for subject, relation in sorted(answers, key=digest):
        choices = patterns[relation]
        pattern = choices[int(digest((subject, relation)), 16) % len(choices)]
        yield Example(
            f"{subject}/{relation}",
            pattern.replace("[X]", subject),
            tuple(answers[subject, relation]),
            group=relation,
        )


def told(found: Results) -> str:
    """Returns how often each arm is right, and how often it searches."""
    rows = [
        [
            cell.arm,
            counts.inputs,
            report.percent(counts.right, counts.inputs),
            report.percent(counts.called, counts.inputs),
            report.percent(counts.right_called, counts.called),
        ]
        for cell in found.cells
        if (counts := cell.counts) is not None
    ]
    return report.table(["model", "prompts", "right", "searched", "of these, right"], rows)


def shown(found: Results, out: Path) -> str:
    """Returns some outputs of the model that searches, with what its searches found."""
    trials = [
        trial for trial in read_trials(out / "evaluation", found.cells[-1]) if trial.has_called
    ]
    return report.table(
        ["prompt and output", "answer", "right"],
        [[line(each), ", ".join(each.answers), each.is_right] for each in trials[:SHOWN]],
    )


def line(trial: Trial) -> str:
    """Returns a prompt with its output as one line of a table."""
    return " ".join(f"{trial.prompt}**{trial.annotated}**".split())


if __name__ == "__main__":
    main()
