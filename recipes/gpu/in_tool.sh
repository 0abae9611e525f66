#!/usr/bin/env bash
# On a machine with a GPU and without a network: the grid of recipes/in_tool/gpu.yaml, in under eight
# minutes all together. Leaves results.csv, tables.md and log.txt in OUT; what was swept when the
# time is over is in them, and the same command continues.
#   recipes/gpu/in_tool.sh
# OUT      where the results go (build/gpu-in-tool)
# MINUTES  for everything (7.5)
# GRID     of the models (recipes/in_tool/gpu.yaml)
# DEVICE   cuda, or cpu for a rehearsal
# SETS     changes to the grid, as "--set steps=20 --set widths=[8]"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

began=$SECONDS
python=${PYTHON:-python3}
out=${OUT:-build/gpu-in-tool}
grid=${GRID:-recipes/in_tool/gpu.yaml}
device=${DEVICE:-cuda}
seconds=$(awk "BEGIN { print int(60 * ${MINUTES:-7.5}) }")
mkdir -p "$out"
export PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
exec > >(tee -a "$out/log.txt") 2>&1

"$python" -m recipes.gpu.check --device "$device"
# SETS is meant to be split into words. Twenty seconds are left for the tables.
# shellcheck disable=SC2086
timeout --signal INT $((seconds - 20)) "$python" -m toolformer study in-tool sweep "$grid" \
    --out "$out/results.csv" --device "$device" ${SETS:-} || echo "The sweep was not finished (exit $?)."
echo "== $((SECONDS - began)) s: sweep"
"$python" -m toolformer study in-tool report "$out/results.csv" --markdown > "$out/tables.md"
echo "== $((SECONDS - began)) s: done"
