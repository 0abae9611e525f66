"""Whether a machine has what recipes/gpu/run.sh needs; says what is missing, or nothing."""

import argparse
from collections.abc import Iterable
from importlib.util import find_spec

NEEDED = (
    "accelerate",
    "datasets",
    "numpy",
    "peft",
    "pyarrow",
    "pydantic",
    "rich",
    "safetensors",
    "simpleeval",
    "tokenizers",
    "torch",
    "transformers",
    "typer",
    "yaml",
)


def missing(names: Iterable[str] = NEEDED) -> list[str]:
    """Returns the modules that cannot be imported.

    >>> missing(["json", "no_such_module"])
    ['no_such_module']
    """
    return [name for name in names if find_spec(name) is None]


def main() -> None:
    """Checks modules and device.

    Raises:
        SystemExit: something is missing; its sentence names it.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--also", action="append", default=[], help="a further module")
    given = parser.parse_args()
    if names := missing([*NEEDED, *given.also]):
        raise SystemExit(
            f"This machine's Python lacks {', '.join(names)}: name their distributions in WHEELS "
            "of recipes/gpu/pack.sh (torch must be there already, with CUDA)."
        )
    import torch

    if given.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit(
            f"torch {torch.__version__} sees no GPU here: DEVICE=cpu rehearses without one."
        )
    where = torch.cuda.get_device_name() if given.device == "cuda" else "CPU"
    print(f"torch {torch.__version__} on {where}")


if __name__ == "__main__":
    main()
