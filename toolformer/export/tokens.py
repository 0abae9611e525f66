"""Rows of tokens and labels, as `toolformer finetune` trains on them."""

from collections.abc import Iterator

from toolformer.calls import CallGrammar
from toolformer.export.rows import MakeRows, Row
from toolformer.finetune.data.rows import make_rows
from toolformer.finetune.data.texts import TrainingText
from toolformer.records import AnnotatedDocument

IGNORED = -100  # a label that no loss counts, as in transformers
LONGEST = 1024  # tokens of a row


def rows_of_tokens(model: str, *, grammar: CallGrammar) -> MakeRows:
    """Returns what makes rows of token ids and labels of a text.

    Outputs are given and not learned: their labels, and the first token's, are -100.

    Args:
        model: whose tokenizer encodes.
        grammar: how calls are written.

    Raises:
        ModelError: there is no such model, or its tokenizer cannot spell the markers.
    """
    from toolformer.finetune.model.starting import load_base

    base = load_base(model, grammar=grammar, device="cpu")
    encoding, end, longest = base.encoding, base.end, min(LONGEST, base.context)
    del base  # the weights are not needed

    def rows(annotated: AnnotatedDocument) -> Iterator[Row]:
        document = annotated.document
        text = TrainingText(document.id, document.text, annotated.kept)
        made = make_rows([text], encoding=encoding, end=end, max_length=longest)
        for row in made.rows:
            labels = [
                token if counts else IGNORED
                for token, counts in zip(row.ids, row.learned, strict=True)
            ]
            yield {"id": document.id, "input_ids": list(row.ids), "labels": labels}

    return rows
