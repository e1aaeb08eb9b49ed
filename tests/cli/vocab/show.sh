# Settings, pieces, ids and texts of each kind of vocabulary.
golden=$SRC/tests/golden
ift-vocab show "$golden/vocab_merge/merged.model"
ift-vocab show "$golden/vocab_merge/merged.model" 0-4 13 470-472
ift-vocab show "$golden/vocab_merge/add.model" -o settings
cat settings
ift-vocab show "$SRC/data/models/tiny"
ift-vocab show "$SRC/data/models/tiny" 0-1 100 130 300-302
ift-vocab lookup "$SRC/data/models/tiny" 300 '<s>' '▁' ' the' 'a b' "$(printf '\t')"
ift-vocab lookup --as-text "$SRC/data/models/tiny" 300 '<s>'
ift-vocab lookup "$golden/vocab_merge/add.model" '▁' 天 天地人 x
# Every id is shown once, in order, and each line is JSON with a piece or its bytes.
ift-vocab show --all "$golden/tokenizer/unigram-21.model" >all
ift-vocab show "$golden/tokenizer/unigram-21.model" 0-156 | cmp - all
wc -l <all
grep -cE '^\{"id":[0-9]+,"(piece|hex)":".*","kind":"[a-z]+","score":[-0-9.e]+\}$' all
