"""A dozen rows in API-Bank's form, written for the tests, and what systems said to them."""

import json
from pathlib import Path

from toolformer.studies.api_bank.rows import ApiRow, query_type_of

FORM = "[ApiName(key1='value1', key2='value2', ...)]"
DIALOGUE = (
    f"\nGenerate an API request in the format of {FORM} based on the previous dialogue context.\n"
    f"The current year is 2023.\nExpected output:\nAPI-Request: {FORM}\n\nAPI descriptions:\n"
)
UTTERANCE = (
    f"\nGenerate an API request in the format of {FORM} based on the user's utterance and "
    "available API requests.\nAPI descriptions:\n"
)
ALARM = (
    '{"name": "SetAlarm", "description": "Sets an alarm.", "input_parameters": {"time": '
    '{"type": "str", "description": "When."}, "days": {"type": "int", "description": "How '
    'often."}}, "output_parameters": {"status": {"type": "str", "description": "Done or not."}}}'
)
SEARCH = (
    '{"apiCode": "ToolSearcher", "description": "Searches for tools.", "parameters": {"keywords": '
    '{"type": "str", "description": "What for.", "required": true}}, "response": {}}'
)


def row(number: int, completion: str, *, instruction: str = DIALOGUE, said: str = "Hi") -> ApiRow:
    described = SEARCH if instruction == UTTERANCE else ALARM
    input_ = f"{described}\nUser: {said} {number}\nGenerate API Request:\n"
    prompt = f"{instruction}\n{input_}"
    return ApiRow(
        id=f"row-{number}",
        instruction=instruction,
        input=input_,
        prompt=prompt,
        completion=completion,
        query_type=query_type_of(prompt),
    )


def alarms(count: int, *, first: int = 0) -> list[ApiRow]:
    """Returns rows that differ in the time of an alarm, short enough for the tests' models."""
    return [
        ApiRow(
            id=f"alarm-{number}",
            instruction="",
            input="",
            prompt=f"User: Wake me at {number}.\nGenerate API Request: ",
            completion=f"[SetAlarm(time='{number}:00')]",
            query_type="other",
        )
        for number in range(first, first + count)
    ]


# By row: what was wanted, and what a system said. Scored by hand in test_scores.py.
WANTED = [
    row(0, "[SetAlarm(time='07:00', days=5)]"),
    row(1, "[SetAlarm(time='08:00')]"),
    row(2, "[Now()]"),
    row(3, "[ToolSearcher(keywords='cancel alarm')]", instruction=UTTERANCE),
    row(4, "[ToolSearcher(keywords='weather')]", instruction=UTTERANCE),
]
SAID = [
    'API-Request: [SetAlarm(days=5, time="07:00")]',  # equal, not contained
    " [SetAlarm(time='08:00')] <|end|>",  # exact
    "I call [Now()] for you.",  # contained and equal, not exact
    "[ToolSearcher(keywords='cancel alarm'",  # cannot be read
    "[WeatherSearcher(keywords='weather')]",  # another name, which holds no wanted one
]


def write_rows(path: Path, rows: list[ApiRow]) -> Path:
    path.write_text("".join(f"{json.dumps(each.to_dict())}\n" for each in rows), encoding="utf-8")
    return path


def write_answers(path: Path, said: list[str] = SAID, rows: list[ApiRow] = WANTED) -> Path:
    lines = [
        json.dumps({"id": row.id, "completion": row.completion, "prediction": answer})
        for row, answer in zip(rows, said, strict=True)
    ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
