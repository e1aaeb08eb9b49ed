#!/usr/bin/env bash
# generate.sh: the speed of generation beside the speed of memory, and beside PyTorch, in one run on one machine.
#
# The LLaMA of train.sh (58 M parameters) with a tokenizer, one sequence at a time. A new token needs every weight but
# the embedding once, so memory sets the pace: decode is given in tokens/s, in GB/s of weights read, and as the share of
# what a plain loop reads from memory on as many threads. prefill is prompt tokens/s. Times are differences between a
# long and a short run, so that starting up does not count, and each the best of REPEAT.
#
#   PYTHON=FILE     an interpreter with torch and transformers; without one only our side is measured
#   THREADS="..."   (1 and one a core)    TYPES="..." stored as (f32 bf16 f16)    REPEAT=N (3)
# Nothing else should run meanwhile: numbers of a busy machine compare nothing but luck.
set -euo pipefail
SRC=$(cd "$(dirname "$0")/../.." && pwd)
PATH=${BUILD:-$SRC/build}/bin:$PATH
SHARED=${SHARED:-$SRC/../shared}
REPEAT=${REPEAT:-3} THREADS=${THREADS:-1 $(nproc)} TYPES=${TYPES:-f32 bf16 f16}
[ -e "$SHARED/tok/llama/tokenizer.model" ] || { echo 'no tokenizer in SHARED: not measured'; exit 0; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cat >"$tmp/config.json" <<'END'
{"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":32000,"hidden_size":512,
 "intermediate_size":1376,"num_hidden_layers":8,"num_attention_heads":8,"num_key_value_heads":8,
 "max_position_embeddings":512,"rms_norm_eps":1e-06,"rope_theta":10000.0,"hidden_act":"silu",
 "tie_word_embeddings":false,"torch_dtype":"float32"}
END
weights=41680896 # elements that a token needs: all matrices but the embedding
# Prompts of 2 and of 258 tokens at least: one word a token or more.
echo '{"text":"a"}' >"$tmp/short.jsonl"
awk 'BEGIN { printf "{\"text\":\"a"; for (i = 0; i < 256; i++) printf " dog"; print "\"}" }' >"$tmp/long.jsonl"

cat >"$tmp/read.c" <<'END'
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BYTES = 256 << 20, MOST = 256 };
typedef uint64_t v4 __attribute__((vector_size(32), aligned(32)));
static const char *memory;
static int threads;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *reader(void *part) {
    const size_t n = BYTES / sizeof(v4) / (size_t)threads / 4 * 4;
    const v4 *p = (const v4 *)memory + (uintptr_t)part * n;
    v4 a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t i = 0; i < n; i += 4) a ^= p[i], b ^= p[i + 1], c ^= p[i + 2], d ^= p[i + 3];
    a ^= b ^ c ^ d;
    return (void *)(uintptr_t)(a[0] ^ a[1] ^ a[2] ^ a[3]);
}

int main(int argc, char **argv) {
    pthread_t id[MOST];
    double best = 1e9;
    threads = argc > 1 ? atoi(argv[1]) : 1;
    if (threads < 1 || threads > MOST) return 2;
    char *const fresh = aligned_alloc(64, BYTES);
    if (!fresh) return 1;
    memset(fresh, 1, BYTES);
    memory = fresh;
    for (int run = 0; run < 10; run++) {
        const double start = now();
        for (int i = 1; i < threads; i++)
            if (pthread_create(&id[i], NULL, reader, (void *)(uintptr_t)i) != 0) return 1;
        volatile uintptr_t sum = (uintptr_t)reader(NULL);
        for (int i = 1; i < threads; i++) pthread_join(id[i], NULL);
        (void)sum;
        if (now() - start < best) best = now() - start;
    }
    printf("%.2f\n", BYTES / best * 1e-9);
    return 0;
}
END
"${CC:-cc}" -O2 -march=native -o "$tmp/read" "$tmp/read.c" -lpthread

# seconds TYPE THREADS PROMPT NEW: the best of REPEAT runs.
seconds() {
    local best=0 i start end
    for ((i = 0; i < REPEAT; i++)); do
        start=$(date +%s%N)
        ift-generate -q --model "$tmp/$1" --bare --batch 1 --context 512 --max-new "$4" -j "$2" -o /dev/null "$tmp/$3.jsonl"
        end=$(date +%s%N)
        if [ $i = 0 ] || [ $((end - start)) -lt "$best" ]; then best=$((end - start)); fi
    done
    echo "$best"
}

# ours TYPE THREADS GB/S
ours() {
    local bytes=2 few many prompt
    [ "$1" != f32 ] || bytes=4
    few=$(seconds "$1" "$2" short 8) many=$(seconds "$1" "$2" short 136) prompt=$(seconds "$1" "$2" long 8)
    awk -v type="$1" -v few="$few" -v many="$many" -v prompt="$prompt" -v read="$3" -v weights="$weights" -v bytes=$bytes '
        BEGIN {
            rate = 128e9 / (many - few); gb = rate * weights * bytes * 1e-9
            printf "%-28s %8.1f %8.1f %6.1f  %.2f of memory\n", "ift " type, rate, 256e9 / (prompt - few), gb, gb / read
        }'
}

# theirs THREADS: transformers as people run it, greedy, with its cache.
theirs() {
    "$PYTHON" - "$tmp" "$1" "$REPEAT" "$weights" "$TYPES" <<'END'
import sys, time, torch, transformers
folder, threads, repeat, weights, types = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5].split()
torch.set_num_threads(threads)
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
for name in types:
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}[name]
    model = transformers.AutoModelForCausalLM.from_pretrained(f"{folder}/{name}", dtype=dtype).eval()
    def seconds(prompt, new):
        ids = torch.full((1, prompt), 263)
        best = 1e9
        for _ in range(repeat):
            start = time.perf_counter()
            with torch.inference_mode():
                model.generate(ids, attention_mask=torch.ones_like(ids), min_new_tokens=new, max_new_tokens=new,
                               do_sample=False, pad_token_id=0)
            best = min(best, time.perf_counter() - start)
        return best
    few, many, prompt = seconds(2, 8), seconds(2, 136), seconds(258, 8)
    rate = 128 / (many - few)
    print(f"{'transformers ' + name:28s} {rate:8.1f} {256 / (prompt - few):8.1f} "
          f"{rate * weights * (4 if name == 'f32' else 2) * 1e-9:6.1f}")
END
}

for type in $TYPES; do
    ift-init -q --config "$tmp/config.json" --dtype "$type" -o "$tmp/$type"
    cp "$SHARED/tok/llama/tokenizer.model" "$tmp/$type/"
done
for threads in $THREADS; do
    read=$("$tmp/read" "$threads")
    printf '%-28s %8s %8s %6s\n' "$threads threads, reads $read GB/s" decode prefill GB/s
    for type in $TYPES; do ours "$type" "$threads" "$read"; done
    [ -z "${PYTHON:-}" ] || theirs "$threads"
done
[ -n "${PYTHON:-}" ] || echo 'PYTHON is not set: transformers was not measured'
