#!/usr/bin/env bash
# train.sh: training speed and memory beside PyTorch, in one run on one machine.
#
# A LLaMA of 58 M parameters (dim 512, 8 layers, 8 heads, MLP 1376, vocabulary 32000, head untied, f32), 8 rows of
# 256 predicted tokens an update, AdamW; all of it, and LoRA with r = 8 on q and v. Each line: who, tokens/s of the best
# update and of all, tokens a second of processor time, peak memory in MiB; then ours over the best of theirs.
#
#   PYTHON=FILE     an interpreter with torch; without one only our side is measured
#   PEERS="..."     their ways (eager compile); compiling takes minutes the first time
#   STEPS=N         updates measured (5)    THREADS=N (one a core)    MICRO="..." tokens run at once (1024)
# Nothing else should run meanwhile: numbers of a busy machine compare nothing but luck.
set -euo pipefail
SRC=$(cd "$(dirname "$0")/../.." && pwd)
PATH=${BUILD:-$SRC/build}/bin:$PATH
SHARED=${SHARED:-$SRC/../shared}
STEPS=${STEPS:-5} THREADS=${THREADS:-$(nproc)}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cat >"$tmp/config.json" <<'END'
{"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":32000,"hidden_size":512,
 "intermediate_size":1376,"num_hidden_layers":8,"num_attention_heads":8,"num_key_value_heads":8,
 "max_position_embeddings":512,"rms_norm_eps":1e-06,"rope_theta":10000.0,"hidden_act":"silu",
 "tie_word_embeddings":false,"torch_dtype":"float32"}
END
ift-init -q --config "$tmp/config.json" -o "$tmp/model"
# 257 tokens: the last is only predicted, so 256 are run, as in the peers' benchmark.
awk 'BEGIN {
    srand(1)
    for (row = 0; row < 8; row++) {
        printf "{\"ids\":["
        for (i = 0; i < 257; i++) printf "%s%d", i ? "," : "", int(rand() * 32000)
        print "]}"
    }
}' >"$tmp/rows.jsonl"

# ours MODE MICRO: measured from the metrics, the first update left out as the peers leave out theirs.
ours() {
    local method=none
    [ "$1" = full ] || method=lora
    ift-train -v --model "$tmp/model" --peft $method --rank 8 --batch 8 --steps $((STEPS + 1)) --warmup 0 \
        --micro-tokens "$2" -j "$THREADS" -o "$tmp/$1-$2" "$tmp/rows.jsonl" >"$tmp/metrics" 2>"$tmp/said"
    local cpu peak
    cpu=$(sed -n 's/.* cpu \([0-9.]*\) s, peak .*/\1/p' "$tmp/said")
    peak=$(sed -n 's/.* peak \([0-9]*\) MB, result.*/\1/p' "$tmp/said")
    # 257 tokens a row are counted, 256 run.
    sed 's/.*"tokens_per_s":\([0-9.e+]*\),"sol":\([0-9.]*\).*/\1 \2/' "$tmp/metrics" |
        awk -v who="ift $1, $2 at once" -v cpu="$cpu" -v peak="$peak" -v n=$((STEPS + 1)) '
            NR > 1 { rate = $1 * 256 / 257; if (rate > best) { best = rate; sol = $2 } seconds += 2048 / rate }
            END { printf "%-28s %7.1f %7.1f %7.1f %6d  sol %s\n", who, best, 2048 * (NR - 1) / seconds,
                  2048 * n / cpu, peak * 1e6 / 1048576, sol }'
    rm -r "${tmp:?}/$1-$2"
}

# theirs MODE WAY: the peers' benchmark; tcmalloc where it is installed, the best they can have.
theirs() {
    local how=(--impl hand --mode "$1" --threads "$THREADS" --steps "$STEPS" --warm 1) malloc
    [ "$1" = lora ] || how+=(--fused)
    [ "$2" = eager ] || how+=(--compile)
    malloc=$(find /usr/lib -name 'libtcmalloc_minimal.so.4' -print -quit)
    LD_PRELOAD=$malloc "$PYTHON" "$SHARED/bench/train.py" "${how[@]}" |
        awk -v who="torch $1, $2${malloc:+, tcmalloc}" '
            function field(name) { match($0, "\"" name "\": [0-9.]+"); return substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) }
            { printf "%-28s %7.1f %7.1f %7.1f %6d\n", who, field("tok_s_best"), field("tok_s_med"), field("tok_cpu_s_best"), field("rss_mb") }'
}

printf '%-28s %7s %7s %7s %6s\n' "${STEPS} updates, $THREADS threads" best all cpu MiB
for mode in full lora; do
    for micro in ${MICRO:-1024}; do ours $mode "$micro"; done | tee "$tmp/ours"
    [ -n "${PYTHON:-}" ] || continue
    for way in ${PEERS:-eager compile}; do theirs $mode "$way"; done | tee "$tmp/theirs"
    cat "$tmp/ours" "$tmp/theirs" | awk -v mode=$mode '
        { rate = $(NF - 3); mb = $NF }
        /sol/ { rate = $(NF - 5); mb = $(NF - 2); if (rate > ours) { ours = rate; our_mb = mb } next }
        rate > peer { peer = rate } !peer_mb || mb < peer_mb { peer_mb = mb }
        END { printf "%s: %.2f times the speed, %.2f of the memory\n", mode, ours / peer, our_mb / peer_mb }'
done
[ -n "${PYTHON:-}" ] || echo 'PYTHON is not set: torch was not measured'
