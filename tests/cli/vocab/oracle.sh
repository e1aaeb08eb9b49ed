# Merged models as sentencepiece reads them, and vocabularies as tokenizers learns them; run with ORACLE=python of a venv
# with both.
[ -x "${ORACLE:-}" ] && "$ORACLE" -c 'import sentencepiece, tokenizers' 2>/dev/null || {
    echo 'no ORACLE with sentencepiece and tokenizers: set it to a python that has them'
    exit 77
}
set -o pipefail
bin=$(dirname "$(command -v ift-vocab)")
"$ORACLE" "$SRC/tests/oracle/vocab.py" train "$bin" 42 60
golden=$SRC/tests/golden
for pair in 'model-2 model-3' 'model-3 unigram-22' 'unigram-22 unigram-26' 'unigram-23 model-4' 'rules-32 model-5'; do
    # shellcheck disable=SC2086
    set -- $pair
    "$ORACLE" "$SRC/tests/oracle/vocab.py" merge "$bin" "$golden/tokenizer/$1.model" "$golden/tokenizer/$2.model" \
        "$SRC/README.md" "$golden/vocab_merge/texts.jsonl" | sed 's|.*/||; s/, .*, /, /'
done
