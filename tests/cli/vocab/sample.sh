args=(compare "$SRC/tests/golden/vocab" "$SRC/data/models/tiny" -)
input() { cat "$SRC/README.md"; }
