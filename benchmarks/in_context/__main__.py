"""Every row of annotation in context: `python -m benchmarks.in_context --model build/smollm2`.

Each benchmark is a command that is printed before it runs, and whose output goes to a log beside
its runs. One that was killed continues when the same command is given again; one that is finished
is left out, unless it is named.
"""

import argparse
import shlex
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.in_context.options import MODEL, OUT

# In this order: what is asked first comes first. Nano is its own model.
BENCHMARKS = ("marks", "facts", "rounds", "own", "auc", "dates", "nano", "ablations")


def main() -> None:
    """Runs the benchmarks one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--write", type=Path, default=Path("docs/results/in-context.md"))
    parser.add_argument("--texts", type=int, help="of each; default: each benchmark's own")
    arguments, others = parser.parse_known_args()
    if unknown := sorted(set(arguments.only) - set(BENCHMARKS)):
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    failed = [
        name
        for name in arguments.only or BENCHMARKS
        if not run(name, arguments, others, is_named=bool(arguments.only))
    ]
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}. Their logs are in {arguments.out}.")


def run(name: str, arguments: argparse.Namespace, others: list[str], *, is_named: bool) -> bool:
    """Runs one benchmark; returns whether it has ended well, now or before."""
    folder: Path = arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / f"{name}.done"
    if done.exists() and not is_named:
        return True
    command = [sys.executable, "-m", f"benchmarks.in_context.{name}"]
    command += [] if name == "nano" else ["--model", arguments.model]
    command += ["--shared", str(arguments.shared), "--out", str(folder / name)]
    command += ["--write", str(arguments.write)]
    command += [] if arguments.texts is None else ["--texts", str(arguments.texts)]
    command += others
    print(f"$ {shlex.join(['python', *command[1:]])}", flush=True)
    start = time.monotonic()
    with (folder / f"{name}.log").open("a", encoding="utf-8") as log:
        code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    said = f"{name}: {'done' if code == 0 else f'exit {code}'} in {time.monotonic() - start:.0f} s"
    print(said, flush=True)
    if code == 0:
        done.write_text(f"{said}\n", encoding="utf-8")
    return code == 0


if __name__ == "__main__":
    main()
