"""`toolformer push PATH ID`: a run, an export or a checkpoint on the Hugging Face Hub."""

import sys
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from toolformer.cli.display.console import Console
from toolformer.cli.display.gate import print_json
from toolformer.cli.sharing import LICENSE, PRIVATE, told_shared
from toolformer.hub.artifacts import recognise
from toolformer.hub.cards.card import CardSettings
from toolformer.hub.push import card_of, push_to_hub
from toolformer.hub.repository import open_repository


def push(
    path: Annotated[Path, Argument(help="What annotate, export or finetune wrote.")],
    repository: Annotated[str, Argument(metavar="ID", help="Where it goes, as owner/name.")],
    private: PRIVATE = False,
    license_: LICENSE = None,
    tool: Annotated[
        list[str] | None,
        Option(
            help="A tool of it, whose parameters the card is to show. Repeatable. Default: those "
            "that open nothing.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Print the card, and send nothing.")] = False,
    as_json: Annotated[bool, Option("--json", help="Print what was sent as JSON.")] = False,
) -> None:
    """Share a run, an export or a checkpoint on the Hugging Face Hub, with a card.

    The token is that of `hf auth login`, or HF_TOKEN. A README.md in PATH is the card; without one,
    a card is made of what the files say.
    """
    settings = CardSettings(license=license_, tools=tool)
    artifact = recognise(path)
    notes = Console(stderr=True)
    if dry_run:
        card = card_of(artifact, name=repository, settings=settings)
        files = artifact.files()
        if as_json:
            print_json({"kind": artifact.kind, "files": files, "card": card})
            return
        sys.stdout.write(card)
        notes.print(f"Nothing was sent: {artifact.kind}, {len(files):,} files.", markup=False)
        return
    opened = open_repository(
        repository, kind=artifact.repository_kind, private=private, license_=license_
    )
    with notes.status(f"Sending it to {opened.url}"):
        pushed = push_to_hub(path, opened, settings=settings)
    if as_json:
        print_json(
            {
                "kind": artifact.kind,
                "repository": opened.name,
                "url": opened.url,
                "files": list(pushed.files),
                "card": pushed.card,
            }
        )
        return
    told_shared(notes, pushed)
