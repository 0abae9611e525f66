"""Does the filter matter? A model tuned on as many calls as were kept, drawn from all that ran.

`python -m recipes.reproduce.unfiltered RUN --out CKPT`: what the loss filter chose is ignored. All
else is as in `toolformer finetune`.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from toolformer.config import read_yaml
from toolformer.corpus.read import read_corpus
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.runs import SelectedRun, read_run
from toolformer.records import AnnotatedDocument, Candidate, Verdict
from toolformer.runs.select import NEAR_TOKENS


def without_filter(run: SelectedRun, *, seed: int) -> SelectedRun:
    """Returns a run in which as many executed calls are kept as the filter kept, drawn by seed.

    As among kept calls, no two stand within five tokens of each other.
    """
    documents = list(run.documents)
    wanted = sum(len(each.kept) for each in documents)
    drawn = sorted(_executed(documents), key=lambda seat: _order(documents, seat, seed=seed))
    chosen: dict[int, list[int]] = {}
    taken = 0
    for document, candidate in drawn:
        if taken == wanted:
            break
        others = chosen.setdefault(document, [])
        candidates = documents[document].candidates
        if all(_is_apart(candidates[candidate], candidates[other]) for other in others):
            others.append(candidate)
            taken += 1
    return replace(run, documents=list(_redecided(documents, chosen)))


def _executed(documents: list[AnnotatedDocument]) -> Iterator[tuple[int, int]]:
    for number, annotated in enumerate(documents):
        for place, candidate in enumerate(annotated.candidates):
            if candidate.output is not None and candidate.verdict is not Verdict.NOT_RENDERABLE:
                yield number, place


def _order(documents: list[AnnotatedDocument], seat: tuple[int, int], *, seed: int) -> str:
    annotated = documents[seat[0]]
    candidate = annotated.candidates[seat[1]]
    name = f"{seed}/{annotated.document.id}/{candidate.position}/{candidate.tool}"
    return sha256(f"{name}/{candidate.arguments}".encode()).hexdigest()


def _is_apart(one: Candidate, other: Candidate) -> bool:
    if one.token is None or other.token is None:
        return one.position != other.position
    return abs(one.token - other.token) > NEAR_TOKENS


def _redecided(
    documents: list[AnnotatedDocument], chosen: Mapping[int, list[int]]
) -> Iterator[AnnotatedDocument]:
    for number, annotated in enumerate(documents):
        kept = chosen.get(number, [])
        yield replace(
            annotated,
            candidates=tuple(
                replace(each, verdict=Verdict.KEPT if place in kept else Verdict.LOW_GAIN)
                for place, each in enumerate(annotated.candidates)
            ),
        )


def main() -> None:
    """Tunes the model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", type=Path, help="a run directory")
    parser.add_argument("--out", type=Path, required=True, help="where the model goes")
    parser.add_argument("--config", type=Path, help="the fine-tuning's settings, YAML")
    parser.add_argument("--mix", action="append", default=[], help="a corpus trained on as it is")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    from toolformer.finetune.train import finetune

    values = {} if arguments.config is None else read_yaml(arguments.config)
    report = finetune(
        [without_filter(read_run(arguments.run), seed=arguments.seed)],
        out=arguments.out,
        mixed=[document for corpus in arguments.mix for document in read_corpus(corpus)],
        config=FinetuneConfig(**values).override(seed=arguments.seed),
    )
    print(f"{report.texts} texts, {report.steps} steps: the model is in {arguments.out}")


if __name__ == "__main__":
    main()
