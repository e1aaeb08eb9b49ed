#!/usr/bin/env python3
"""Bloom and GPT-2 of odd shapes, as transformers computes them: tests/golden/model/bloom-odd and gpt2-odd.

    families.py OUTPUT_FOLDER

Weights are stored as the first releases were: names without the "transformer." of the whole model, for GPT-2 with the
mask buffers of its time. Folders are read back by transformers before anything is computed. gpt2-odd has a LoRA adapter
of peft in `adapter`: logits with it, and a weight with it merged.
"""
import json, math, sys
from pathlib import Path

import peft, torch, transformers
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

SEED = 20261123
CASES = {
    "bloom-odd": (transformers.BloomConfig, transformers.BloomForCausalLM, dict(
        vocab_size=61, hidden_size=45, n_layer=3, n_head=5, apply_residual_connection_post_layernorm=True)),
    "gpt2-odd": (transformers.GPT2Config, transformers.GPT2LMHeadModel, dict(
        vocab_size=61, n_embd=44, n_layer=3, n_head=4, n_inner=37, n_positions=40, activation_function="relu",
        scale_attn_by_inverse_layer_idx=True)),
}


def fill(model):
    for name, p in model.named_parameters():
        norm = "norm" in name or ".ln_" in name
        with torch.no_grad():
            if p.ndim == 1:
                p.copy_(float(norm and name.endswith("weight")) + 0.25 * torch.randn_like(p))
            else:
                p.normal_(0, 2 / math.sqrt(model.config.hidden_size))


def old_state(model):
    state = {k.removeprefix("transformer."): v.contiguous() for k, v in model.state_dict().items() if k != "lm_head.weight"}
    if model.config.model_type == "gpt2":
        n = model.config.n_positions
        for i in range(model.config.n_layer):
            state[f"h.{i}.attn.bias"] = torch.tril(torch.ones(1, 1, n, n))
            state[f"h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
    return state


def batch(vocab, rows=3, length=17):
    ids = torch.randint(3, vocab, (rows, length))
    mask = torch.ones_like(ids)
    for r in range(rows):
        mask[r, length - 3 * r:] = 0
    ids[mask == 0] = 0
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :4] = -100
    return ids, mask, labels


def loss_of(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


def run(model, ids, mask, labels):
    model.zero_grad()
    logits = model(input_ids=ids, attention_mask=mask).logits
    loss = loss_of(logits, labels)
    loss.backward()
    grads = {"grad." + n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return logits.detach(), loss.detach(), grads


def error(a, b):
    return float((a.double() - b).abs().max() / b.abs().max())


def greedy(model, prompt, n=12):
    ids = list(prompt)
    for _ in range(n):
        ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[len(prompt):]


def with_adapter(model, ids, mask, where):
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=3, lora_alpha=5, fan_in_fan_out=True,
                             target_modules=["c_attn", "c_proj"])
    model.name_or_path = "gpt2-odd"
    tuned = peft.get_peft_model(model, config)
    for name, p in tuned.named_parameters():
        if "lora_B" in name:
            with torch.no_grad():
                p.normal_(0, 0.3)
    tuned.eval().save_pretrained(where / "adapter")
    (where / "adapter" / "README.md").unlink(missing_ok=True)
    with torch.no_grad():
        logits = tuned(input_ids=ids, attention_mask=mask).logits
    merged = tuned.merge_and_unload()
    name = "transformer.h.1.mlp.c_proj.weight"
    return {"adapter.logits": logits, "merged." + name: merged.state_dict()[name].contiguous()}


def make(name, where):
    config_class, model_class, keys = CASES[name]
    torch.manual_seed(SEED)
    config = config_class(attn_implementation="eager", bos_token_id=1, eos_token_id=2, pad_token_id=0, **keys)
    model = model_class(config).eval()
    fill(model)
    (where / "model").mkdir(parents=True, exist_ok=True)
    config.architectures = [model_class.__name__]
    config.save_pretrained(where / "model")
    save_file(old_state(model), where / "model" / "model.safetensors", {"format": "pt"})
    again, info = model_class.from_pretrained(where / "model", attn_implementation="eager", output_loading_info=True)
    again.eval()
    assert not info["missing_keys"], info
    ids, mask, labels = batch(config.vocab_size)
    logits, loss, grads = run(again, ids, mask, labels)
    assert torch.equal(logits, run(model, ids, mask, labels)[0])
    wide = run(model.double(), ids, mask, labels)
    worst = max(grads, key=lambda k: error(grads[k], wide[2][k]))
    prompts = [[1, 7, 30], [1, 44, 9, 25, 60, 3, 18]]
    with torch.no_grad():
        new_ids = [greedy(again, p) for p in prompts]
    extra = with_adapter(again, ids, mask, where) if name == "gpt2-odd" else {}
    save_file({"input_ids": ids, "attention_mask": mask, "labels": labels, "logits": logits,
               "loss": loss.reshape(1), **grads, **extra}, where / "io.safetensors")
    case = {
        "case": name, "transformers": transformers.__version__, "torch": torch.__version__, "peft": peft.__version__,
        "seed": SEED,
        "noise": {"logits": error(logits, wide[0]), "loss": abs(float(loss) - float(wide[1])),
                  "worst_grad": {"name": worst, "value": error(grads[worst], wide[2][worst])}},
        "generation": {"prompts": prompts, "max_new_tokens": 12, "runs": {"greedy": {"settings": {}, "new_ids": new_ids}}},
    }
    (where / "case.json").write_text(json.dumps(case, indent=1) + "\n")


torch.set_num_threads(1)
for name in CASES:
    make(name, Path(sys.argv[1]) / name)
