# LLaMA and Chinese-LLaMA's model of Chinese give the vocabulary that Chinese-LLaMA was published with; in the file the
# stated size alone differs.
tok=${SHARED:-}/tok
[ -e "$tok/chinese-llama/chinese_sp.model" ] || {
    echo "no $tok/chinese-llama"
    exit 77
}
ift-vocab merge "$tok/llama/tokenizer.model" "$tok/chinese-llama/chinese_sp.model" -o merged.model 2>&1 | sed 's|/.*/||'
ift-vocab compare merged.model "$tok/chinese-llama/tokenizer.llama.model" | head -n 2
cmp -l merged.model "$tok/chinese-llama/tokenizer.llama.model" | wc -l
