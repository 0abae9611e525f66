#!/usr/bin/env bash
# On a machine with a GPU and without a network: SmolLM2-135M learns all rows of API-Bank once, with
# QLoRA, and answers the whole test set; the untuned model beside it. Under eight minutes.
#   recipes/gpu/api_bank.sh
# MODEL    the directory of `make smollm2` (build/smollm2)
# DATA     train, eval and test rows (../shared/data/apibank, or shared/data/apibank)
# OUT      where answers, tables and the log go (build/gpu-api-bank)
# MINUTES  for everything (8)
# DEVICE   cuda, or cpu for a rehearsal with ROWS=16 LIMIT=2
# ADAPTER  qlora; lora where bitsandbytes is not installed; none for all weights
# ROWS     of the training, LIMIT of the test; all where they are not named
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

began=$SECONDS
python=${PYTHON:-python3}
model=${MODEL:-build/smollm2}
data=${DATA:-$([[ -d shared/data/apibank ]] && echo shared/data/apibank || echo ../shared/data/apibank)}
out=${OUT:-build/gpu-api-bank}
minutes=${MINUTES:-8}
device=${DEVICE:-cuda}
adapter=${ADAPTER:-qlora}
work=${WORK:-$(mktemp -d)}
rate=7e-4
mkdir -p "$out"
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
exec > >(tee -a "$out/log.txt") 2>&1

left() { echo $((60 * minutes - (SECONDS - began))); }

"$python" -m recipes.gpu.check --device "$device" \
    $([[ $adapter == qlora ]] && echo --also bitsandbytes) --also rouge_score
"$python" -m toolformer study api-bank clean "$data/train.jsonl.gz" --out "$work/rows" --eval-share 0

# Two thirds of the time at most; where it is short, the last checkpoint is what answers.
timeout -s INT $(($(left) * 2 / 3)) "$python" -m toolformer study api-bank train "$work/rows/train.jsonl" \
    --eval "$data/eval.jsonl.gz" --model "$model" --lr "$rate" --adapter "$adapter" --device "$device" \
    --batch-size 16 --device-rows 8 --eval-rows 100 --out "$work/sweep" ${ROWS:+--max-rows "$ROWS"} \
    || echo "The training was not finished (exit $?)."
echo "== $((SECONDS - began)) s: trained"

# A finished model or adapter, or else the last checkpoint.
trained=$(compgen -G "$work/sweep/lr-*/*config.json" || compgen -G "$work/sweep/lr-*/training/checkpoint-*/*config.json" | sort -V | tail -1 || true)
trained=${trained%%$'\n'*}
[[ -n $trained ]] || { echo "No model was written in the time."; exit 1; }
for each in tuned untuned; do
    from=$([[ $each == tuned ]] && dirname "$trained" || echo "$model")
    timeout -s INT $(($(left) > 20 ? $(left) / 2 : 10)) "$python" -m toolformer study api-bank predict "$from" \
        "$data/test.jsonl.gz" --device "$device" --streams 64 --out "$out/$each.jsonl" \
        ${LIMIT:+--limit "$LIMIT"} || echo "The $each model did not answer all (exit $?)."
    echo "== $((SECONDS - began)) s: $each answered"
done
"$python" -m benchmarks.api_bank --answers "$out/tuned.jsonl" "$out/untuned.jsonl" \
    --rows "$data/test.jsonl.gz" --train "$data/train.jsonl.gz" --name api-bank-gpu --title "On a GPU" \
    --write "$out/tables.md"
echo "== $((SECONDS - began)) s: done"
