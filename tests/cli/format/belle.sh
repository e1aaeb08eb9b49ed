# Dialogues that are text become messages and, written as BELLE does, the same text again; one of a single round is written as what
# is asked.
again() { # FILE
    ift-format -q --from belle-multiturn --as belle "$1" >ours.jsonl
    ift-format -q --from alpaca "$1" | diff - ours.jsonl || true
}
again "$SRC/tests/formats/belle-multiturn.in"
[ ! -d "$SHARED/data/examples" ] || again "$SHARED/data/examples/belle_multiturn_chat.json"
ift-format --from belle-multiturn --turns each "$SRC/tests/formats/belle-multiturn.in"
