"""A call of a run as a JSON object, as `toolformer show --json` prints one a line."""

from collections.abc import Mapping
from typing import Any

from toolformer.cli.display.texts import why
from toolformer.records import AnnotatedDocument, Candidate, Losses, Placebo, UntriedPlace
from toolformer.runs.thresholds import Thresholds

_AROUND = 80  # characters of the text on either side


def call_row(
    annotated: AnnotatedDocument, candidate: Candidate, thresholds: Mapping[str, Thresholds]
) -> dict[str, Any]:
    """Returns a call in its text, with its losses, its verdict, and why it has it."""
    losses, placebo = candidate.losses, candidate.placebo
    return _place_row(annotated, candidate) | {
        "arguments": candidate.arguments,
        "output": candidate.output,
        "error": candidate.error,
        "start_prob": candidate.start_prob,
        "start_gain": candidate.start_gain,
        "count": candidate.count,
        "loss_no_call": None if losses is None else losses.no_call,
        "loss_no_output": None if losses is None else losses.no_output,
        "loss_with_output": None if losses is None else losses.with_output,
        "used": None if losses is None else losses.used,
        "help": None if losses is None else losses.help,
        "gain": candidate.gain,
        "placebo": None if placebo is None or losses is None else _placebo_row(placebo, losses),
        "verdict": str(candidate.verdict),
        "why": why(candidate, thresholds=thresholds[candidate.tool]),
    }


def untried_row(annotated: AnnotatedDocument, place: UntriedPlace, reason: str) -> dict[str, Any]:
    """Returns a place where no call was asked for, and why none was."""
    return _place_row(annotated, place) | {
        "start_prob": place.start_prob,
        "start_gain": place.start_gain,
        "verdict": "untried",
        "why": reason,
    }


def _place_row(annotated: AnnotatedDocument, place: Candidate | UntriedPlace) -> dict[str, Any]:
    text, position = annotated.document.text, place.position
    return {
        "id": annotated.document.id,
        "position": position,
        "before": text[max(0, position - _AROUND) : position],
        "after": text[position : position + _AROUND],
        "tool": place.tool,
    }


def _placebo_row(placebo: Placebo, losses: Losses) -> dict[str, Any]:
    beside = placebo.beside(losses)
    return {
        "output": placebo.output,
        "loss_with_output": placebo.with_output,
        "used": beside.used,
        "help": beside.help,
    }
