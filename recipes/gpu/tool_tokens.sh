#!/usr/bin/env bash
# On a machine with a GPU and without a network: SmolLM2-135M learns 200 tools as tokens, with the
# ablations, the four indexings, unseen tools beside inline calls, and 46,985 APIs. Not run yet.
#   recipes/gpu/tool_tokens.sh
# MODEL    the directory of `make smollm2` (build/smollm2)
# OUT      where tables and the log go (build/gpu-tool-tokens)
# MINUTES  for everything (8); what is measured by then is kept, and the same command continues
# DEVICE   cuda, or cpu for a rehearsal with OPTIONS="--tools 4 --held-out 6 --tasks 2"
# OPTIONS  further ones of benchmarks.tool_tokens
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

began=$SECONDS
python=${PYTHON:-python3}
model=${MODEL:-build/smollm2}
out=${OUT:-build/gpu-tool-tokens}
minutes=${MINUTES:-8}
device=${DEVICE:-cuda}
mkdir -p "$out"
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
exec > >(tee -a "$out/log.txt") 2>&1

"$python" -m recipes.gpu.check --device "$device" --also bm25s
# The most wanted first; a part that the time cuts off leaves what it finished.
for part in bars scale ablations unseen; do
    left=$((60 * minutes - (SECONDS - began)))
    ((left > 10)) || { echo "No time for $part."; continue; }
    timeout -s INT "$left" "$python" -m benchmarks.tool_tokens "$part" --model "$model" --device "$device" \
        --root "$out/work" --write "$out/tables.md" ${OPTIONS:-} || echo "$part was not finished (exit $?)."
    echo "== $((SECONDS - began)) s: $part"
done
