"""`custom_generate/` beside a model's weights: what lets plain `generate` run the tools.

transformers runs the file where a user asks for it by `custom_generate=` and trusts it by
`trust_remote_code=True`, and copies it elsewhere first: so it brings along how the model writes
calls.
"""

import json
from dataclasses import replace
from pathlib import Path

from toolformer.files import write_whole
from toolformer.sidecar import Sidecar, sidecar_values

FOLDER = "custom_generate"
_REQUIREMENTS = "toolformer-engine\n"
_SOURCE = '''\
"""`generate` that runs the tools which the model calls, by toolformer-engine.

    model.generate(
        **inputs, tokenizer=tokenizer, custom_generate=NAME, trust_remote_code=True
    )

NAME is the directory or the repository that this file is in.
"""

import json

try:  # what stands outside of a `try` would be asked for by its import's name, which is another's
    from toolformer.custom_generate import generate_with_tools
except ImportError as error:
    raise ImportError("To run its tools, this model needs toolformer-engine.") from error

# How the model was taught to write calls, as in toolformer.json.
SIDECAR = json.loads(
    {sidecar!r}
)


def generate(inputs=None, *, model, **arguments):
    return generate_with_tools(model, inputs, sidecar=SIDECAR, **arguments)
'''


def write_custom_generate(directory: Path, sidecar: Sidecar) -> None:
    """Writes the folder into a model's directory.

    Raises:
        RunError: it cannot be written.
    """
    values = sidecar_values(replace(sidecar, lineage={}))
    source = _SOURCE.format(sidecar=json.dumps(values))
    write_whole(directory / FOLDER / "generate.py", source)
    write_whole(directory / FOLDER / "requirements.txt", _REQUIREMENTS)
