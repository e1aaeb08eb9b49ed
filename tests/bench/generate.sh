#!/usr/bin/env bash
# generate.sh: the speed of generation beside the speed of memory, beside PyTorch and llama.cpp, in one run on one machine.
#
# A LLaMA, one sequence at a time; of 162 M parameters it is 310 MB as bf16, more than caches hold. A new token needs
# every weight but the embedding once, so memory sets the pace: decode is given in tokens/s and as the share of what a
# plain loop reads from memory on as many threads; prefill is tokens/s of a prompt of 512. All take turns, ROUNDS times,
# and the best of each counts; transformers, which takes as long as all others together, has one turn in their middle.
# With one thread time is the processor's, with more it is the wall's. Takes some four minutes for each of THREADS.
#
#   PYTHON=FILE     an interpreter with torch and transformers
#   PEER_TYPES=...  what transformers runs in (f32; halves take it minutes where the processor lacks them)
#   LLAMA=DIR LLAMA_LIB=DIR   llama.cpp's sources, and where its libllama.so was built (GGML_NATIVE on)
#   MMAP=no                   weights copied to memory first, as ift-generate --no-mmap has them
#   SIZE=162                  millions of parameters: 58, 162, 1100
#   THREADS="..."   (1)    TYPES="..." stored as (f32 bf16 f16)    ROUNDS=N (3)
# Numbers of a busy machine with more than one thread compare nothing but luck.
set -euo pipefail
SRC=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$SRC/build}
SHARED=${SHARED:-$SRC/../shared}
SIZE=${SIZE:-162} ROUNDS=${ROUNDS:-3} PEER_TYPES=${PEER_TYPES:-f32} THREADS=${THREADS:-1} TYPES=${TYPES:-f32 bf16 f16}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -s -C "$SRC" BUILD="$BUILD" DEPS=no "$BUILD/tests/bench/generate_speed"

case $SIZE in
162) hidden=768 inner=2048 layers=16 heads=12 kv=12 ;;
58) hidden=512 inner=1376 layers=8 heads=8 kv=8 ;;
1100) hidden=2048 inner=5632 layers=22 heads=32 kv=4 ;;
*) echo "SIZE is 58, 162 or 1100" >&2; exit 2 ;;
esac
cat >"$tmp/config.json" <<END
{"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":32000,"hidden_size":$hidden,
 "intermediate_size":$inner,"num_hidden_layers":$layers,"num_attention_heads":$heads,"num_key_value_heads":$kv,
 "max_position_embeddings":1024,"rms_norm_eps":1e-06,"rope_theta":10000.0,"hidden_act":"silu",
 "tie_word_embeddings":false,"torch_dtype":"float32"}
END
# elements that a token needs: all matrices but the embedding
weights=$((layers * (hidden * (2 * hidden + 3 * inner) + 2 * hidden * hidden / heads * kv) + 32000 * hidden))
for type in $TYPES; do
    "$BUILD/bin/ift-init" -q --config "$tmp/config.json" --dtype "$type" -o "$tmp/$type"
    # What was just written is cached in small pages; what is read from the disk, as a model is that came some other way,
    # in large ones where the file system has them.
    sync "$tmp/$type/model.safetensors"
    dd if="$tmp/$type/model.safetensors" iflag=nocache count=0 status=none
    [ ! -e "$SHARED/tok/llama/tokenizer.model" ] || cp "$SHARED/tok/llama/tokenizer.model" "$tmp/$type/"
done

# theirs TYPE THREADS: transformers as people run it, greedy, with its cache: decode and prefill.
theirs() {
    "$PYTHON" - "$tmp/$1" "$1" "$2" <<'END'
import sys, time, torch, transformers
folder, name, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
clock = time.process_time if threads == 1 else time.perf_counter
dtype = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}[name]
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
def seconds(prompt, new):
    ids = (torch.arange(prompt) * 2654435761 % 1000 + 3)[None]
    start = clock()
    with torch.inference_mode():
        model.generate(ids, attention_mask=torch.ones_like(ids), min_new_tokens=new, max_new_tokens=new,
                       do_sample=False, pad_token_id=0)
    return clock() - start
seconds(512, 1)
decode = max(32 / (seconds(32, 33) - seconds(32, 1)) for _ in range(2))
print(f"{decode:.1f} {max(512 / seconds(512, 1) for _ in range(2)):.1f}")
END
}

# llama THREADS: the same of llama.cpp, f16.
llama() {
    LD_LIBRARY_PATH=$LLAMA_LIB "$tmp/llbench" run "$tmp/llama.gguf" "$1" 2 64 >"$tmp/llama.json"
    local decode=decode_best prefill=prefill512_best
    if [ "$1" = 1 ]; then decode=decode_cpu_best prefill=prefill_cpu_best; fi
    sed -n "s/.*\"$prefill\":\([0-9.]*\).*\"$decode\":\([0-9.]*\).*/\2 \1/p; t
            s/.*\"$decode\":\([0-9.]*\).*\"$prefill\":\([0-9.]*\).*/\1 \2/p" "$tmp/llama.json"
}

with_llama=
[ -n "${PYTHON:-}" ] || echo 'skipped: transformers (PYTHON is not set)'
if [ -z "${LLAMA:-}" ] || [ -z "${LLAMA_LIB:-}" ]; then
    echo 'skipped: llama.cpp (LLAMA and LLAMA_LIB are not set)'
elif [ ! -e "$SHARED/bench/llbench.c" ] || [ ! -e "$SHARED/tok/llama/tokenizer.model" ] || [[ " $TYPES " != *" f16 "* ]]; then
    echo 'skipped: llama.cpp (needs llbench.c and a tokenizer in SHARED, and f16 in TYPES)'
else
    "${CC:-cc}" -O2 -I "$LLAMA/include" -I "$LLAMA/ggml/include" "$SHARED/bench/llbench.c" -o "$tmp/llbench" \
        -L "$LLAMA_LIB" -lllama -lggml -lggml-base -Wl,-rpath-link,"$LLAMA_LIB"
    "$BUILD/bin/ift-export" -q --model "$tmp/f16" --to gguf --dtype keep -o "$tmp/llama.gguf"
    with_llama=yes
fi

mmap=$([ "${MMAP:-yes}" = yes ] || echo no-mmap)
for threads in $THREADS; do
    for ((round = 0; round < ROUNDS; round++)); do
        for type in $TYPES; do
            echo "ift $type $("$BUILD/tests/bench/generate_speed" "$tmp/$type" "$threads" 2 "$mmap")"
            [ -z "${PYTHON:-}" ] || [ $round != $((ROUNDS / 2)) ] || [[ " $PEER_TYPES " != *" $type "* ]] || echo "transformers $type $(theirs "$type" "$threads")"
        done
        [ -z "$with_llama" ] || echo "llama.cpp f16 $(llama "$threads")"
    done >"$tmp/figures"
    awk -v threads="$threads" -v weights=$weights '
        { who = $1 " " $2; if (!(who in decode)) order[n++] = who }
        $3 > decode[who] { decode[who] = $3 }
        $4 > prefill[who] { prefill[who] = $4 }
        $5 > read { read = $5 }
        END {
            printf "%-20s %8s %8s %8s  reads %s GB/s\n", threads " threads", "decode", "GB/s", "prefill", read
            for (i = 0; i < n; i++) {
                who = order[i]
                split(who, part, " ")
                gb = decode[who] * weights * (part[2] == "f32" ? 4 : 2) * 1e-9
                ours = "ift " part[2]
                printf "%-20s %8.1f %8.1f %8.1f  %.2f of memory", who, decode[who], gb, prefill[who], gb / read
                if (part[1] != "ift" && ours in decode)
                    printf ", ift: %.2f times the decode, %.2f the prefill", decode[ours] / decode[who], prefill[ours] / prefill[who]
                print ""
            }
        }' "$tmp/figures"
done
