"""A run goes on where it stopped, and what it writes does not depend on how it came about."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.annotate.given import BRIEF, SCRIPT, documents, echo, long_texts, run_into
from toolformer.annotate import RunProgress, annotate, annotate_shard, make_plan
from toolformer.calls import ToolCall
from toolformer.config import fingerprint
from toolformer.corpus import CorpusProblem
from toolformer.errors import CorpusError, RunError, ToolformerError
from toolformer.files import locked
from toolformer.lm.base import LossRequest
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.records import Document, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.writer import RunWriter
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.decorator import tool
from toolformer.tools.toolbox import Toolbox


def shard_bytes(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((out / "shards").iterdir())}


def test_a_run_holds_every_document_in_order_in_whole_shards(tmp_path: Path) -> None:
    run = run_into(tmp_path / "run")
    assert [each.document for each in run.documents()] == documents()
    assert list(shard_bytes(run.path)) == [f"{number:05}.parquet" for number in range(4)]
    assert run.stats().documents == 10
    assert run.stats().tools["Calculator"].kept == 3


def test_five_lines_of_python_annotate(tmp_path: Path) -> None:
    model = ScriptedLanguageModel(SCRIPT)
    half = {"min_used": 0.5}  # a digit that an output tells is worth .63 nats to this model
    run = annotate(documents(), model=model, tools=[calculator], out=tmp_path / "run", config=half)
    kept = [placed for annotated in run.documents() for placed in annotated.kept]
    assert [placed.output for placed in kept] == ["5", "6", "7"]


def test_the_same_run_elsewhere_is_the_same_bytes(tmp_path: Path) -> None:
    one, other = run_into(tmp_path / "one"), run_into(tmp_path / "other")
    assert shard_bytes(one.path) == shard_bytes(other.path)


def test_a_missing_shard_alone_is_done_again_and_comes_out_the_same(tmp_path: Path) -> None:
    run = run_into(tmp_path / "run")
    whole = shard_bytes(run.path)
    (run.path / "shards" / "00001.parquet").unlink()
    model = ScriptedLanguageModel(SCRIPT)
    run_into(run.path, model=model)
    assert shard_bytes(run.path) == whole
    assert model.usage.text == 3 * 8  # three texts of eight tokens, no other


def test_a_finished_run_asks_the_model_nothing(tmp_path: Path) -> None:
    run_into(tmp_path / "run")
    model = ScriptedLanguageModel(SCRIPT)
    assert run_into(tmp_path / "run", model=model).stats().documents == 10
    assert model.usage.total == 0


def test_another_run_in_the_directory_is_refused_and_the_differences_named(tmp_path: Path) -> None:
    run_into(tmp_path / "run", seed=1)
    with pytest.raises(RunError, match=r"config\.seed \(1, now 2\)"):
        run_into(tmp_path / "run", seed=2)
    with pytest.raises(RunError, match=r"tools"):
        run_into(tmp_path / "run", seed=1, tools=[calculator, echo])
    with pytest.raises(RunError, match=r"corpus\.sha256"):
        run_into(tmp_path / "run", seed=1, corpus=documents(9))
    with pytest.raises(RunError, match=r"model\.fingerprint"):
        run_into(tmp_path / "run", seed=1, model=ScriptedLanguageModel(SCRIPT[:0]))


def files_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def counted(progress: RunProgress) -> tuple[float, int, int]:
    return progress.documents, progress.resumed, progress.kept


def test_two_calls_that_share_the_shards_of_a_run_write_the_bytes_of_one(tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    lines = [json.dumps({"text": each.text}) for each in documents(10)]
    corpus.write_text("\n".join([*lines[:4], "nonsense", *lines[4:]]))
    whole = run_into(tmp_path / "whole", corpus=corpus)
    out = tmp_path / "shared"
    odd = run_into(out, corpus=corpus, shards={1, 3})
    assert list(odd.shards()) == [1, 3]
    assert not odd.is_complete
    even = run_into(out, corpus=corpus, shards=[0, 2], description=odd.manifest.corpus)
    assert even.is_complete
    assert files_of(out) == files_of(whole.path)


def test_of_two_calls_at_once_the_one_that_ends_last_finishes_the_run(tmp_path: Path) -> None:
    out = tmp_path / "shared"

    class Meanwhile(ScriptedLanguageModel):
        """Lets another call do the other shards while it reads."""

        def read(self, requests):  # type: ignore[no-untyped-def]
            if not (out / "shards").exists():
                assert not run_into(out, shards=range(2, 4)).is_complete
            return super().read(requests)

    assert run_into(out, shards=range(2), model=Meanwhile(SCRIPT)).is_complete
    assert files_of(out) == files_of(run_into(tmp_path / "whole").path)


def test_shards_that_are_left_to_others_count_only_when_they_are_there(tmp_path: Path) -> None:
    told: list[RunProgress] = []
    run_into(tmp_path / "run", shards=[1], on_progress=told.append)
    assert counted(told[-1]) == (3, 0, 3)
    run_into(tmp_path / "run", shards=[0], on_progress=told.append)
    assert counted(told[-1]) == (6, 3, 0)


def test_a_worker_writes_what_annotate_shard_returns(tmp_path: Path) -> None:
    whole = run_into(tmp_path / "whole")
    texts = documents()
    with Toolbox([calculator]) as toolbox:
        config = BRIEF.override(documents_per_shard=3)
        plan = make_plan(config, model=ScriptedLanguageModel(SCRIPT), toolbox=toolbox)
        writer = RunWriter(tmp_path / "run", plan.manifest(whole.manifest.corpus))
        for number in (2, 0, 3, 1):
            shard = texts[3 * number : 3 * number + 3]
            writer.write(number, annotate_shard(plan, number, shard))
        writer.finish(shards=4)
    assert files_of(tmp_path / "run") == files_of(whole.path)


def test_a_corpus_that_is_described_is_not_hashed_again(tmp_path: Path) -> None:
    description = {"name": "mine", "files": []}
    run = run_into(tmp_path / "run", description=description)
    assert run.manifest.corpus == description


def test_a_corpus_that_cannot_be_read_leaves_no_run_behind(tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    corpus.write_text('{"body": "1 + 1 = 2"}\n')
    with pytest.raises(CorpusError, match=r"text.*body"):
        run_into(tmp_path / "run", corpus=corpus)
    with pytest.raises(CorpusError, match="no document"):
        run_into(tmp_path / "run", corpus=[])
    assert not (tmp_path / "run").exists()
    run_into(tmp_path / "run", corpus=corpus, text_column="body")


def test_bad_records_are_passed_on_and_counted_in_the_stats(tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    corpus.write_text('{"text": "3 + 2 = 5 apples in all"}\nnonsense\n{"text": "b"}\n')
    problems: list[CorpusProblem] = []
    run = run_into(tmp_path / "run", corpus=corpus, on_problem=problems.append)
    assert [problem.line for problem in problems] == [2]
    assert (run.stats().problems, run.stats().documents) == (1, 2)


def test_a_strict_run_stops_at_a_bad_record(tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    corpus.write_text('{"text": "a"}\nnonsense\n')
    with pytest.raises(CorpusError, match="line 2"):
        run_into(tmp_path / "run", corpus=corpus, strict=True)


def test_no_more_documents_than_wanted_are_read(tmp_path: Path) -> None:
    def endless() -> Iterator[Document]:
        number = 0
        while True:
            number += 1
            assert number <= 5
            yield Document(str(number), "a b c")

    run = run_into(tmp_path / "run", corpus=endless(), max_documents=5)
    assert run.stats().documents == 5


def test_progress_tells_documents_kept_calls_and_what_was_there_already(tmp_path: Path) -> None:
    told: list[RunProgress] = []
    run = run_into(tmp_path / "run", on_progress=told.append)
    assert counted(told[-1]) == (10, 0, 3)
    assert [each.documents for each in told] == sorted(each.documents for each in told)
    (run.path / "shards" / "00001.parquet").unlink()
    told.clear()
    run_into(run.path, on_progress=told.append)
    assert counted(told[-1]) == (10, 7, 3)


def test_shards_that_were_not_finished_at_a_ctrl_c_are_done_again(tmp_path: Path) -> None:
    class Interrupted(ScriptedLanguageModel):
        def read(self, requests):  # type: ignore[no-untyped-def]
            if any("7 + 2" in request.text for request in requests):
                raise KeyboardInterrupt
            return super().read(requests)

    whole = run_into(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run_into(tmp_path / "run", model=Interrupted(SCRIPT))
    # The third was begun, and the second's losses were still to be taken.
    assert list(shard_bytes(tmp_path / "run")) == ["00000.parquet"]
    run_into(tmp_path / "run")
    assert shard_bytes(tmp_path / "run") == shard_bytes(whole.path)


def test_a_bug_in_a_stage_is_not_swallowed(tmp_path: Path) -> None:
    def broken(token: str, request: LossRequest) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_into(tmp_path / "run", model=ScriptedLanguageModel(SCRIPT, log_prob=broken))


def test_a_tool_that_raises_what_it_should_not_ends_its_call_only(tmp_path: Path) -> None:
    @tool(name="Calculator", gain_threshold=0.5)
    def fails(expression: str) -> str:
        """Divides."""
        return str(1 // int("4" not in expression))

    run = run_into(tmp_path / "run", tools=[fails])
    verdicts = run.stats().tools["Calculator"].verdicts
    assert verdicts["tool_error"] == 10


# What a run of its own process does: the model sleeps at every read, so that it can be killed.
PROGRAM = """
import sys, time
from tests.annotate.given import SCRIPT, documents, run_into
from toolformer.lm.base import LossRequest
from toolformer.lm.scripted import ScriptedLanguageModel

class Slow(ScriptedLanguageModel):
    def read(self, requests):
        time.sleep(float(sys.argv[2]))
        return super().read(requests)

print("ready", flush=True)
run_into(sys.argv[1], model=Slow(SCRIPT))
"""


def start_process(out: Path, *, pause_s: float) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(out), str(pause_s)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_after_a_kill_the_next_run_goes_on_and_the_shards_are_the_same_bytes(
    tmp_path: Path,
) -> None:
    out = tmp_path / "run"
    process = start_process(out, pause_s=0.4)
    deadline = time.monotonic() + 60
    while not (out / "shards" / "00001.parquet").exists():
        assert time.monotonic() < deadline, process.communicate(timeout=1)
        time.sleep(0.05)
    process.kill()
    process.communicate()
    killed = shard_bytes(out)
    assert "00003.parquet" not in killed
    assert not Run.open(out).is_complete
    run_into(out)
    undisturbed = run_into(tmp_path / "undisturbed")
    assert shard_bytes(out) == shard_bytes(undisturbed.path)
    assert killed.items() <= shard_bytes(out).items()


LIMITED = (
    """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))
"""
    + PROGRAM
)


def test_when_the_disk_takes_no_more_the_run_says_so_and_goes_on_later(tmp_path: Path) -> None:
    # A limit on the size of files fails a write in the middle, as a full disk does. The manifest
    # and a shard of short texts fit, that of long texts does not.
    out = tmp_path / "run"
    program = LIMITED.replace("run_into(sys.argv[1]", "run_into(sys.argv[1], corpus=long_texts()")
    program = program.replace("documents, run_into", "long_texts, run_into")
    found = subprocess.run(
        [sys.executable, "-c", program, str(out), "0"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=100,
    )
    assert "RunError" in found.stderr
    assert "run the same command again" in found.stderr
    assert [path.name for path in sorted((out / "shards").iterdir())] == ["00000.parquet"]
    run_into(out, corpus=long_texts())
    undisturbed = run_into(tmp_path / "undisturbed", corpus=long_texts())
    assert shard_bytes(out) == shard_bytes(undisturbed.path)


def test_python_callers_hear_of_settings_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"'sede'.*Did you mean 'seed'\?"):
        run_into(tmp_path / "run", sede=3)


def test_the_order_of_tools_breaks_ties(tmp_path: Path) -> None:
    def same(text: str) -> str:
        """Says 5."""
        return "5"

    one, two = (replace(tool(same), name=name, gain_threshold=0.5) for name in ("One", "Two"))
    script = [ScriptedCall(name, after=" =", writes=("x)",)) for name in ("One", "Two")]
    for tools in ([one, two], [two, one]):
        run = run_into(
            tmp_path / tools[0].name,
            tools=tools,
            model=ScriptedLanguageModel(script),
            corpus=[Document("d", "3 + 2 = 5 apples in all")],
        )
        [annotated] = run.documents()
        assert [placed.call.tool for placed in annotated.kept] == [tools[0].name]


def test_a_line_of_ten_megabytes_is_annotated_to_its_end_window_by_window(tmp_path: Path) -> None:
    longest = 0

    class Measuring(ScriptedLanguageModel):
        def read(self, requests):  # type: ignore[no-untyped-def]
            nonlocal longest
            longest = max(longest, sum(len(request.text) for request in requests))
            return super().read(requests)

    filler = f"{'taxation' * 6} " * 105_000
    text = f"{filler}3 + 2 = 5 apples {filler}and 4 + 2 = 6 pears {'are left ' * 9}"
    corpus = tmp_path / "long.txt"
    corpus.write_text(text)
    run = run_into(tmp_path / "run", corpus=corpus, model=Measuring(SCRIPT))
    [annotated] = run.documents()
    assert annotated.document.text == text
    assert [text[: placed.position].endswith(" =") for placed in annotated.kept] == [True, True]
    assert annotated.kept[-1].position > 10_000_000
    assert longest < 200_000  # of characters at a time


def test_a_shard_before_one_that_cannot_be_read_is_kept(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    lines = [json.dumps({"text": each.text}) for each in documents(5)]
    corpus.write_text("\n".join([*lines, "no JSON"]), encoding="utf-8")
    with pytest.raises(CorpusError):
        run_into(tmp_path / "run", corpus=corpus, strict=True)
    assert list(shard_bytes(tmp_path / "run")) == ["00000.parquet"]


class Sleepy(ScriptedLanguageModel):
    """Takes as long for a text as the text is, to read it and to score its calls."""

    tokens_per_second = 10.0
    pace_s = 8e-3  # for each character

    def read(self, requests):  # type: ignore[no-untyped-def]
        time.sleep(self.pace_s * sum(len(request.text) for request in requests))
        return super().read(requests)

    def target_log_probs(self, requests):  # type: ignore[no-untyped-def]
        called = {request.text for request in requests if request.output is not None}
        time.sleep(self.pace_s * sum(map(len, called)) / 2)
        return super().target_log_probs(requests)


@pytest.mark.slow
@pytest.mark.parametrize("per_shard", [None, 2, 5])
def test_the_time_left_at_a_third_of_a_run_is_about_right(
    tmp_path: Path, per_shard: int | None
) -> None:
    corpus = [
        Document(str(n), f"{n} + 2 = {n + 2} apples in all" + " and more" * (n * 7 % 5))
        for n in range(30)
    ]
    characters = sum(len(each.text) for each in corpus)
    run_into(tmp_path / "first")  # what a first run imports takes no part
    told: list[tuple[float, float]] = []
    began = time.monotonic()

    def tell(progress: RunProgress) -> None:
        told.append((time.monotonic() - began, progress.characters / characters))

    run_into(
        tmp_path / "run",
        corpus=corpus,
        model=Sleepy(SCRIPT),
        documents_per_shard=per_shard,
        on_progress=tell,
    )
    took = time.monotonic() - began
    at, share = min(told, key=lambda each: abs(each[0] - took / 3))
    assert (1 - share) / share * at == pytest.approx(took - at, rel=0.3)
    assert told[-1][1] == pytest.approx(1.0)


def test_a_large_model_has_small_shards_and_the_run_keeps_its_own(tmp_path: Path) -> None:
    run = run_into(tmp_path / "run", model=Sleepy(SCRIPT), documents_per_shard=None)
    assert run.manifest.documents_per_shard == 1
    assert len(run.shards()) == 10
    assert (
        run_into(tmp_path / "other", documents_per_shard=None).manifest.documents_per_shard == 128
    )


def test_another_number_of_documents_per_shard_continues_with_that_of_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = run_into(tmp_path / "whole")
    run_into(tmp_path / "run", shards=[1])
    run = run_into(tmp_path / "run", documents_per_shard=7)
    assert "was begun with 3 documents per shard and continues with them, not with 7" in caplog.text
    assert files_of(run.path) == files_of(whole.path)


def test_a_run_of_an_older_version_is_cut_as_it_was_begun(tmp_path: Path) -> None:
    long = [Document(str(n), "3 + 2 = 5 apples " + "and more " * 400) for n in range(7)]
    out = tmp_path / "run"
    cut_by_characters = run_into(tmp_path / "new", corpus=long)
    assert len(cut_by_characters.shards()) == 4

    # Its manifest knows nothing of characters, and its shards hold three documents each.
    values = json.loads((cut_by_characters.path / "manifest.json").read_text())
    del values["characters_per_shard"], values["fingerprint"]
    values["fingerprint"] = fingerprint(values)
    out.mkdir()
    (out / "manifest.json").write_text(json.dumps(values))
    begun = (out / "manifest.json").read_bytes()
    run_into(out, corpus=long, shards=[1])
    [shard] = Run.open(out).shards()
    assert [each.document.id for each in Run.open(out).read(shard)] == ["3", "4", "5"]

    run = run_into(out, corpus=long)
    assert run.is_complete
    assert [len(run.read(number)) for number in run.shards()] == [3, 3, 1]
    assert (out / "manifest.json").read_bytes() == begun
    assert "characters_per_shard" not in run.manifest.to_dict()
    everything = list(run.documents())
    assert everything == list(cut_by_characters.documents())


def test_a_second_whole_run_into_a_directory_is_refused_and_shards_are_shared(
    tmp_path: Path,
) -> None:
    out = tmp_path / "run"
    with locked(out), pytest.raises(RunError, match="Another process is writing to"):
        run_into(out)
    with locked(out), pytest.raises(RunError, match="Another process is writing to"):
        run_into(out, shards=[0])
    with locked(out, is_shared=True), pytest.raises(RunError, match="Another process is writing"):
        run_into(out)
    assert list(out.iterdir()) == []
    with locked(out, is_shared=True):
        assert list(run_into(out, shards=[0]).shards()) == [0]
    assert run_into(out).is_complete


def test_a_file_is_no_run_directory(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(RunError, match=r"Cannot write to '.*run': it is a file"):
        run_into(tmp_path / "run")
    with pytest.raises(RunError):
        run_into(tmp_path / "run" / "below")
    assert (tmp_path / "run").read_text() == "mine"


def test_a_name_is_a_model_and_functions_and_specs_are_tools(tmp_path: Path) -> None:
    def adds(expression: str) -> str:
        """Adds."""
        return calculator.execute(expression)

    tools = ["calculator", adds]
    texts = ["There are 303 + 453 = 756 balloons in the whole room."]
    run = annotate(texts, model="nano", tools=tools, out=str(tmp_path / "run"))
    assert [each.name for each in run.manifest.tools] == ["Calculator", "adds"]
    assert run.manifest.model.name == "nano"
    assert run.stats().documents == 1


def test_tools_and_settings_have_defaults_and_a_callers_toolbox_stays_open(tmp_path: Path) -> None:
    model = ScriptedLanguageModel(SCRIPT)
    config = {"prompt_style": "brief", "seed": 3}
    run = annotate(documents(2), model=model, config=config, out=tmp_path / "run")
    assert [each.name for each in run.manifest.tools] == ["Calculator", "Calendar", "Database"]
    assert run.manifest.config["seed"] == 3
    with Toolbox([calculator]) as toolbox:
        annotate(documents(2), model=model, tools=toolbox, out=tmp_path / "other")
        assert toolbox.execute([ToolCall("Calculator", "1 + 1")])[0].output == "2"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"model": 5}, "int 5 is not a language model: load one, as in load_model('nano')"),
        ({"model": None}, "NoneType None is not a language model"),
        ({"tools": 5}, "tools= is a list of tools, as in [calculator"),
        ({"tools": [5]}, "5 is not a tool: give"),
        ({"tools": ["calculater"]}, "Did you mean 'calculator'?"),
        ({"tools": []}, "There is no tool to annotate with"),
        ({"shards": 2}, "shards= is the numbers of some shards, as in [2]"),
    ],
)
def test_arguments_of_another_type_are_told_what_they_could_be(
    tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    arguments = {"model": ScriptedLanguageModel(SCRIPT), "tools": [calculator]} | wrong
    with pytest.raises(ToolformerError, match=re.escape(said)):
        annotate(documents(2), out=tmp_path / "run", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_long_texts_make_a_shard_shorter(tmp_path: Path) -> None:
    long = [Document(str(n), "3 + 2 = 5 apples " + "and more " * 400) for n in range(4)]
    run = run_into(tmp_path / "run", corpus=long, model=ScriptedLanguageModel(SCRIPT))
    assert [len(run.read(number)) for number in run.shards()] == [2, 2]
    assert run.stats().documents == 4


def test_a_tool_that_could_not_be_reached_is_tried_again_and_comes_out_the_same(
    tmp_path: Path,
) -> None:
    down_for: set[str] = set()

    def reach(expression: str) -> str:
        """Adds on a server."""
        if expression in down_for:
            raise ConnectionRefusedError(111, "Connection refused")
        return calculator.execute(expression)

    def run(out: Path, model: ScriptedLanguageModel) -> Run:
        remote = tool(reach, name="Calculator", exemplars=calculator.exemplars)
        config = BRIEF.override(documents_per_shard=3)
        return annotate(documents(), model=model, tools=[remote], out=out, config=config)

    whole = run(tmp_path / "whole", ScriptedLanguageModel(SCRIPT))
    assert whole.stats().tools["Calculator"].unavailable == 0

    down_for.add("4 + 2")
    out = tmp_path / "run"
    first = run(out, ScriptedLanguageModel(SCRIPT))
    missed = first.stats().tools["Calculator"].unavailable
    assert missed > 0
    verdicts = {each.verdict for one in first.documents() for each in one.candidates if each.error}
    assert verdicts >= {Verdict.UNAVAILABLE}
    touched = [
        name
        for name, content in shard_bytes(out).items()
        if content != shard_bytes(whole.path)[name]
    ]
    kept = {path.name: path.stat().st_mtime_ns for path in (out / "shards").iterdir()}

    second = run(out, ScriptedLanguageModel(SCRIPT))  # still down: as before, and no other shard
    assert second.stats().tools["Calculator"].unavailable == missed

    down_for.clear()
    model = ScriptedLanguageModel(SCRIPT)
    assert run(out, model).stats() == whole.stats()
    assert shard_bytes(out) == shard_bytes(whole.path)
    assert (out / "stats.json").read_bytes() == (whole.path / "stats.json").read_bytes()
    for path in (out / "shards").iterdir():
        assert (path.stat().st_mtime_ns == kept[path.name]) == (path.name not in touched)
