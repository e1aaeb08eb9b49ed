#!/usr/bin/env python3
"""grown_and_load.py: models that we grow and adapters with modules that we save whole, peft and transformers load, and
compute the same; adapters that peft makes so, we merge to the same.

    grown_and_load.py WORK make | check          (tests/cli/train/oracle.sh runs it)

WORK/base-*: llama, tied, gpt2, each with a SentencePiece vocabulary tokenizer.model; WORK/new.model extends it.
make writes WORK/theirs-*: adapters of peft on the resized bases. check reads, for each base,
    grown-*           ift-merge --vocab --new-rows pieces
    ours-*            an adapter of ift-train --vocab
    ours-merged-*     ift-merge of it, f32; theirs-merged-*: of theirs
"""
import json, os, sys, warnings
from pathlib import Path

import sentencepiece, torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

warnings.filterwarnings("ignore")
torch.manual_seed(11)
torch.set_num_threads(1)
work, step = Path(sys.argv[1]), sys.argv[2]
SAVED = {"llama": ["embed_tokens", "lm_head"], "tied": ["embed_tokens"], "gpt2": ["wte", "ln_f"]}
TABLES = {"llama": ["model.embed_tokens.weight", "lm_head.weight"], "tied": ["model.embed_tokens.weight"],
          "gpt2": ["transformer.wte.weight"]}


def load(folder, rows=0):
    model = AutoModelForCausalLM.from_pretrained(work / folder, dtype=torch.float32, attn_implementation="eager").eval()
    if rows and rows != model.config.vocab_size:
        model.resize_token_embeddings(rows, mean_resizing=False)
    return model


def rows_of(folder):
    return json.loads((work / folder / "config.json").read_text())["vocab_size"]


@torch.no_grad()
def logits(model):
    ids = torch.arange(3, 3 + 19)[None] * 7 % model.config.vocab_size
    return model(input_ids=ids).logits


def close(got, want, what, tolerance=1e-5):
    error = ((got - want).abs().max() / want.abs().max()).item()
    print(f"{what}: {error:.2g}")
    if not error <= tolerance:
        sys.exit(f"{what}: {error:.3g} apart")


def check_rows(name):
    """New rows are the means of what sentencepiece makes of the new pieces."""
    old = sentencepiece.SentencePieceProcessor(str(work / f"base-{name}" / "tokenizer.model"))
    new = sentencepiece.SentencePieceProcessor(str(work / "new.model"))
    base, grown = load_file(work / f"base-{name}" / "model.safetensors"), load_file(work / f"grown-{name}" / "model.safetensors")
    for table in TABLES[name]:
        weight, wide = grown[table], base[table].double()
        size = old.get_piece_size()
        want = wide[:size].mean(0).repeat(len(weight) - size, 1)
        want[new.get_piece_size() - size:len(wide) - size] = wide[new.get_piece_size():]  # padding that stays
        for id in range(size, new.get_piece_size()):
            text = new.id_to_piece(id).replace("▁", " ")
            ids = old.encode(text[1:] if text[0] == " " else text)
            if text[0] != " " and old.id_to_piece(ids[0]) == "▁":
                ids = ids[1:]
            want[id - size] = wide[ids].mean(0)
        if not torch.equal(weight[:size], base[table][:size]) or not torch.equal(weight[size:], want.to(weight.dtype)):
            sys.exit(f"{name}: {table} was not grown as it should")


if step == "make":
    for name, saved in SAVED.items():
        torch.manual_seed(12)
        model = load(f"base-{name}", rows_of(f"grown-{name}"))
        options = dict(ensure_weight_tying=True) if name == "tied" else {}
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=3, lora_alpha=5, target_modules="all-linear",
                                                 modules_to_save=saved, **options))
        for p in model.parameters():
            if p.requires_grad:
                p.data.add_(0.1 * torch.randn_like(p))
        model.save_pretrained(work / f"theirs-{name}")
else:
    for name in SAVED:
        check_rows(name)
        rows = rows_of(f"grown-{name}")
        for adapter in ("ours", "theirs"):
            model = PeftModel.from_pretrained(load(f"base-{name}", rows), work / f"{adapter}-{name}").eval()
            merged = load(f"{adapter}-merged-{name}")
            want = logits(model)
            if merged.config.vocab_size != rows:
                sys.exit(f"{name}: merged to {merged.config.vocab_size} rows, not {rows}")
            close(logits(merged), want, f"{adapter}-{name}")
            if (want - logits(load(f"grown-{name}"))).abs().max() < 1e-3:
                sys.exit(f"{adapter}-{name} changes nothing")
