"""Equal input gives equal bytes, whatever the order of sets, the locale or the day."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from toolformer.runs.directory import Run

# Names that are as near to one known name as to another, so that an error has to choose.
TEXTS = [
    *(
        f"There are {a} + {b} = {a + b} balloons in the whole room."
        for a, b in ((303, 453), (7, 8))
    ),
    "Today is March 3, 2023, which is a Friday, and in 7 days it is March 10, 2023.",
    "Vilnius is the capital of Lithuania, and Riga is the capital of Latvia.",
    "The official language of Latvia is Latvian; in Lithuania it is Lithuanian.",
    "The names with the most letters are long, and the number of rows is 5.",
]
MODEL = """
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel

model = ScriptedLanguageModel([
    ScriptedCall("Calculator", after="=", writes=("303 + 453)", "303 +)", "x)", "7 / 0)")),
    ScriptedCall("Calendar", after="is", writes=("weekday)", "tomorow)", "days 3)")),
    ScriptedCall("Database", after="is", writes=(
        "Vilnus, country)", "Lithuania, capitol)", "Latva, langage)", "Litvia, capital)",
    )),
    ScriptedCall("SQL", after="is", writes=("SELECT nam FROM fact)", "SELECT 1)", "SELEC)")),
])
"""
VARIATIONS: list[Mapping[str, str]] = [
    {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "2", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"},
    {"PYTHONHASHSEED": "2", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", "TZ": "America/Lima"},
    {"PYTHONHASHSEED": "3", "OMP_NUM_THREADS": "2", "LC_ALL": "C", "TZ": "Pacific/Apia"},
]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["nano", "model.py:model"])
def test_a_run_is_the_same_bytes_under_every_hash_seed_locale_and_zone(
    tmp_path: Path, model: str
) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    rows = (json.dumps({"text": text, "date": "2023-03-03"}) + "\n" for text in TEXTS)
    (tmp_path / "corpus.jsonl").write_text("".join(rows))
    # How a processor adds up a product may depend on its threads, and with it the last bit of a
    # loss: it does on some.
    threads = {"OMP_NUM_THREADS": "1"} if model == "nano" else {}
    found = [
        annotated(tmp_path, model, str(n), {**each, **threads}) for n, each in enumerate(VARIATIONS)
    ]
    assert found == found[:1] * len(VARIATIONS)
    candidates = [c for each in Run.open(tmp_path / "0").documents() for c in each.candidates]
    errors = [each.error for each in candidates if each.error]
    assert any("Did you mean" in each for each in errors)
    assert len({each.tool for each in candidates}) == 4


def annotated(
    folder: Path, model: str, out: str, environment: Mapping[str, str]
) -> dict[str, bytes]:
    """Annotates in a process of its own, and returns every file of the run and what was printed."""
    tools = [f"--tool={name}" for name in ("calculator", "calendar", "database", "sql")]
    settings = ["--set", "documents_per_shard=2", "--min-prob", "0", "--samples", "4"]
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "toolformer", "annotate", "corpus.jsonl", "--model", model),
            *(*tools, *settings, "--threshold", "0", "--device", "cpu", "--out", out, "--json"),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    said = json.loads(ended.stdout)
    files = {
        path.relative_to(folder / out).as_posix(): path.read_bytes()
        for path in sorted((folder / out).rglob("*"))
        if path.is_file()
    }
    del said["seconds"], said["run"]
    return files | {"": json.dumps(said).encode()}
