#!/usr/bin/env python3
"""merge_and_load.py: what we write, peft and transformers load, and they compute the same.

    ORACLE_BASE=DIR merge_and_load.py WORK      (tests/cli/merge/oracle.sh runs it)

WORK holds what the programs made of the base folder and of an adapter that peft made here:
    theirs/                   step 1 writes it: a peft adapter with random A and B
    merged/ half/             ift-merge of base and theirs, half in bf16
    ours/ ours-merged/        an adapter of ift-train, and ift-merge of it
    made/                     ift-init of the base's config
Step 1: merge_and_load.py WORK make; step 2, after the programs ran: merge_and_load.py WORK check.
"""
import os
import sys

import safetensors
import safetensors.torch
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

torch.manual_seed(7)
torch.set_num_threads(1)
base_dir = os.environ["ORACLE_BASE"]
work, step = sys.argv[1:]


def load(path):
    return AutoModelForCausalLM.from_pretrained(path, attn_implementation="eager").eval()


def logits(model):
    ids = torch.arange(3, 3 + 17)[None] * 5 % model.config.vocab_size
    with torch.no_grad():
        return model(input_ids=ids).logits


def close(got, want, what):
    error = ((got - want).abs().max() / want.abs().max()).item()
    if not error <= 2e-6:
        sys.exit(f"{what}: {error:.3g} apart")


if step == "make":
    config = LoraConfig(task_type="CAUSAL_LM", r=3, lora_alpha=5, target_modules=r".*\.(q_proj|up_proj|o_proj)",
                        rank_pattern={"o_proj": 2}, use_rslora=True)
    model = get_peft_model(load(base_dir), config)
    for name, p in model.named_parameters():
        if "lora_" in name:
            p.data.normal_(0, 0.2)
    model.save_pretrained(os.path.join(work, "theirs"))
else:
    for adapter, folder in (("theirs", "merged"), ("ours", "ours-merged")):
        model = PeftModel.from_pretrained(load(base_dir), os.path.join(work, adapter)).eval()
        plain = logits(load(base_dir))
        want = logits(model)
        if (want - plain).abs().max() < 1e-3:
            sys.exit(f"{adapter} changes nothing")
        merged = load(os.path.join(work, folder))
        close(logits(merged), want, folder)
        reference = model.merge_and_unload().state_dict()
        for name, w in merged.state_dict().items():
            close(w, reference[name], name)
        if folder == "merged":
            theirs = reference

    half = load(os.path.join(work, "half"))
    if half.dtype != torch.bfloat16:
        sys.exit(f"--dtype bf16 loads as {half.dtype}")
    for name, w in half.state_dict().items():
        # One rounding: no element further than half a step of bfloat16 (8 bits) from the merged value.
        off = ((w.float() - theirs[name]).abs() - theirs[name].abs() * 2**-8).max().item()
        if off > 1e-7:
            sys.exit(f"{name}: rounded more than once")

    # A model from ift-init has what transformers expects, and its file is what safetensors would write.
    made = load(os.path.join(work, "made"))
    if torch.isnan(logits(made)).any():
        sys.exit("made: not a number")
    for folder in ("merged", "half", "made"):
        path = os.path.join(work, folder, "model.safetensors")
        tensors = safetensors.torch.load_file(path)
        safetensors.torch.save_file(tensors, os.path.join(work, "again"), metadata={"format": "pt"})
        with open(path, "rb") as a, open(os.path.join(work, "again"), "rb") as b:
            if a.read() != b.read():
                sys.exit(f"{path}: not the bytes that safetensors writes")
