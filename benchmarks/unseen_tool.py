"""A tool the model has never seen: `python -m benchmarks.unseen_tool --model nano`.

The unit converter of `examples/`, by its few-shot prompt, on generated sentences that state a
conversion. Whatever comes out is the result: a small model was never taught this.
"""

import random
from collections import Counter

from benchmarks import report
from benchmarks.measure import measure, parser, read_options, settings_of
from benchmarks.stated import StatedFact, fate
from recipes.data.sources import Fact
from toolformer.records import AnnotatedDocument, Document, Verdict
from toolformer.runs import read_selected
from toolformer.sidecar import PromptStyle
from toolformer.tools.base import Tool
from toolformer.tools.registry import load_tool

TOOL = "examples/unit_converter.py:convert"
TEXTS = 60
_SENTENCES = (
    "The tank holds {value} {unit}, or {result} {target}, when it is full.",
    "From the gate to the river it is {value} {unit}, which makes {result} {target}.",
    "The recipe asks for {value} {unit}; on our scales that is {result} {target}.",
    "His suitcase came to {value} {unit}, that is {result} {target}, at the desk.",
    "A length of {value} {unit} is the same as {result} {target}.",
)
_PAIRS = (
    ("miles", "km"),
    ("feet", "m"),
    ("inches", "cm"),
    ("pounds", "kg"),
    ("ounces", "g"),
    ("gallons", "litres"),
    ("kg", "pounds"),
    ("km", "miles"),
)


def sentences(tool: Tool, *, count: int, seed: int = 0) -> list[tuple[Document, StatedFact]]:
    """Returns sentences with their conversions, the results from the tool itself."""
    draw = random.Random(seed)  # no secret
    made = []
    for number in range(count):
        unit, target = draw.choice(_PAIRS)
        value = draw.choice((draw.randint(2, 99), draw.randint(11, 999) / 10))
        result = tool.execute(f"{value}, {unit}, {target}")
        sentence = draw.choice(_SENTENCES)
        text = sentence.format(value=value, unit=unit, target=target, result=result)
        place = len(sentence.split("{result}")[0].format(value=value, unit=unit))
        stated = StatedFact(Fact(f"{value} {unit}", target, result), place)
        made.append((Document(f"conversion/{number}", text), stated))
    return made


def main() -> None:
    """Runs the benchmark."""
    options = read_options(parser("Annotating with a tool the model has never seen.").parse_args())
    tool = load_tool(TOOL)
    made = sentences(tool, count=TEXTS)
    options.settings["prompt_style"] = PromptStyle.FEW_SHOT
    measured = measure([document for document, _ in made], [tool], options)
    stated = {document.id: said for document, said in made}
    annotated = list(read_selected(measured.run))
    fates = Counter(fate(each, stated[each.document.id]) for each in annotated)
    text = report.section(
        "A tool the model has never seen",
        [
            report.table(["fate of a conversion", "texts"], fates.most_common()),
            "Calls by verdict, and the commonest of each:",
            _verdicts(annotated),
            "Cost:",
            measured.cost(),
        ],
        module="benchmarks.unseen_tool",
        settings={"texts": TEXTS, **settings_of(measured.run)},
    )
    report.publish(text, name="unseen_tool", path=options.write)


def _verdicts(annotated: list[AnnotatedDocument]) -> str:
    calls: dict[Verdict, Counter[str]] = {}
    for each in annotated:
        for candidate in each.candidates:
            if candidate.verdict is not None:
                said = f"`{candidate.arguments}` → {candidate.output or candidate.error or '–'}"
                calls.setdefault(candidate.verdict, Counter())[said] += 1
    return report.table(
        ["verdict", "calls", "commonest"],
        (
            [verdict.value, counts.total(), "; ".join(said for said, _ in counts.most_common(3))]
            for verdict, counts in sorted(calls.items())
        ),
    )


if __name__ == "__main__":
    main()
