"""A turn's calls as lines of text: where each was made, what came of it, how long it took."""

from toolformer.cli.repl.turns import Turn
from toolformer.infer.answers import CallEvent


def trace(turn: Turn) -> str:
    r"""Returns the calls of a turn, one a line, and its time.

    >>> from toolformer.calls import ToolCall
    >>> from toolformer.infer.answers import Answer
    >>> call = ToolCall("Calculator", "2 + 3")
    >>> event = CallEvent(4, call, " [Calculator(2 + 3)", "5", seconds=0.0021)
    >>> answer = Answer("It is", (), (event,), tokens=20, finish="end")
    >>> turn = Turn("It is", "It is", [], [event], answer=answer, first_s=0.021, seconds=0.5)
    >>> print(trace(turn))
      1  at 4  Calculator(2 + 3) -> 5  2.1 ms
    1 call, 0 failed. First text after 21 ms, 500 ms in all, 20 tokens (40 a second).
    """
    lines = [f"  {number}  {_line(event)}" for number, event in enumerate(turn.events, start=1)]
    failed = sum(1 for event in turn.events if event.error is not None)
    calls = f"{len(turn.events)} call{'' if len(turn.events) == 1 else 's'}, {failed} failed."
    first = "" if turn.first_s is None else f"First text after {spell(turn.first_s)}, "
    whole = f"{spell(turn.seconds)} in all{_rate(turn)}."
    return "\n".join([*lines, f"{calls} {first}{whole}"])


def spell(seconds: float) -> str:
    """Spells a short time.

    >>> spell(0.00004), spell(0.0021), spell(0.25), spell(2.5)
    ('0.0 ms', '2.1 ms', '250 ms', '2.5 s')
    """
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.{0 if seconds >= 0.01 else 1}f} ms"


def _rate(turn: Turn) -> str:
    if turn.answer is None:
        call = "".join(segment.text for segment in turn.forming).strip()
        return f", when it was stopped{f' in {call}' if call else ''}"
    rate = f" ({turn.answer.tokens / turn.seconds:.0f} a second)" if turn.seconds > 0 else ""
    return f", {turn.answer.tokens} tokens{rate}"


def _line(event: CallEvent) -> str:
    written = event.written.strip() if event.call is None else str(event.call)
    became = f"-> {event.output}" if event.error is None else f"failed: {event.error}"
    return f"at {event.position}  {written} {became}  {spell(event.seconds)}"
