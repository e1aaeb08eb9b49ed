#!/usr/bin/env python3
"""LLaMA, Mistral, Qwen 2 and Qwen 3 of odd shapes, as transformers computes them: tests/golden/model/*-odd.

    decoders.py OUTPUT_FOLDER
    decoders.py noise FOLDER    the rounding noise of the original's gradients, beyond the one draw that a case states

Each has what the large reference cases lack: rope that grows while it generates, yarn of fractional bounds, biases and
windows in some layers only. Folders are read back by transformers before anything is computed.
"""
import copy, json, math, sys
from pathlib import Path

import torch, transformers
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from transformers import (LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM,
                          Qwen3Config, Qwen3ForCausalLM)

SEED = 20261123
SMALL = dict(vocab_size=47, intermediate_size=29, num_hidden_layers=2, bos_token_id=1, eos_token_id=2)
CASES = {
    "llama-dynamic-odd": (LlamaConfig, LlamaForCausalLM, dict(
        hidden_size=40, num_attention_heads=5, num_key_value_heads=1, pad_token_id=None, max_position_embeddings=11,
        rope_parameters={"rope_type": "dynamic", "rope_theta": 1e4, "factor": 3.0})),
    "mistral-yarn-odd": (MistralConfig, MistralForCausalLM, dict(
        hidden_size=30, num_attention_heads=3, num_key_value_heads=3, head_dim=14, pad_token_id=3, sliding_window=3,
        max_position_embeddings=64, hidden_act="gelu", rope_parameters={
            "rope_type": "yarn", "rope_theta": 5e4, "factor": 2.5, "original_max_position_embeddings": 24,
            "beta_fast": 3.0, "beta_slow": 0.2, "truncate": False, "mscale": 0.7, "mscale_all_dim": 1.9})),
    "qwen2-odd": (Qwen2Config, Qwen2ForCausalLM, dict(
        hidden_size=36, num_attention_heads=6, num_key_value_heads=3, pad_token_id=-2, tie_word_embeddings=True,
        num_hidden_layers=3, use_sliding_window=True, sliding_window=5, max_window_layers=1,
        max_position_embeddings=64, rope_parameters={"rope_type": "linear", "rope_theta": 1e6, "factor": 1.5})),
    "qwen3-odd": (Qwen3Config, Qwen3ForCausalLM, dict(
        hidden_size=34, num_attention_heads=4, num_key_value_heads=2, head_dim=10, pad_token_id=0, attention_bias=True,
        max_position_embeddings=64, rope_parameters={"rope_type": "default", "rope_theta": 77.0})),
}


def fill(model):
    for name, p in model.named_parameters():
        with torch.no_grad():
            if p.ndim == 1:
                p.copy_(float("norm" in name) + 0.25 * torch.randn_like(p))
            else:
                p.normal_(0, 2 / math.sqrt(model.config.hidden_size))


def batch(vocab, padded, rows=3, length=19):
    """A query of the padding whose window holds nothing else is not a number, so rows of models with one are whole."""
    ids = torch.randint(3, vocab, (rows, length))
    mask = torch.ones_like(ids)
    for r in range(rows):
        mask[r, length - 4 * r * padded:] = 0
    ids[mask == 0] = 0
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :3] = -100
    return ids, mask, labels


def run(model, ids, mask, labels):
    model.zero_grad()
    out = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    loss = F.cross_entropy(out.logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
    loss.backward()
    grads = {"grad." + n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    hidden = {f"hidden.{i}": h.detach() for i, h in enumerate(out.hidden_states)}
    return out.logits.detach(), loss.detach(), grads, hidden


def error(a, b):
    return float((a.double() - b).abs().max() / b.abs().max())


def greedy(model, prompt, n=14):
    model(input_ids=torch.tensor([[1, 2]]))  # a short row: what grew for the last prompt is forgotten
    ids = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                         do_sample=False, max_new_tokens=n, eos_token_id=None, pad_token_id=0)
    return ids[0, len(prompt):].tolist()


def make(name, where):
    config_class, model_class, keys = CASES[name]
    torch.manual_seed(SEED)
    config = config_class(attn_implementation="eager", **{**SMALL, **keys})
    model = model_class(config).eval()
    fill(model)
    (where / "model").mkdir(parents=True, exist_ok=True)
    model.save_pretrained(where / "model")
    (where / "model" / "generation_config.json").unlink(missing_ok=True)
    again = model_class.from_pretrained(where / "model", attn_implementation="eager", dtype=torch.float32).eval()
    ids, mask, labels = batch(config.vocab_size, not config.to_dict().get("sliding_window"))
    logits, loss, grads, hidden = run(again, ids, mask, labels)
    assert torch.equal(logits, run(model, ids, mask, labels)[0])
    wide = run(model.double(), ids, mask, labels)
    worst = max(grads, key=lambda k: error(grads[k], wide[2][k]) if wide[2][k].any() else 0)
    prompts = [[1, 7, 30], [1, 44, 9, 25, 46, 3, 18, 5, 5, 31, 11, 40, 6, 28], [1, 20, 13, 9, 9, 33, 8, 41]]
    with torch.no_grad():
        new_ids = [greedy(again, p) for p in prompts]
    save_file({"input_ids": ids, "attention_mask": mask, "labels": labels, "logits": logits, "loss": loss.reshape(1),
               **grads, **hidden}, where / "io.safetensors")
    case = {
        "case": name, "transformers": transformers.__version__, "torch": torch.__version__, "seed": SEED,
        "noise": {"logits": error(logits, wide[0]), "loss": abs(float(loss) - float(wide[1])),
                  "worst_grad": {"name": worst, "value": error(grads[worst], wide[2][worst])}},
        "generation": {"prompts": prompts, "max_new_tokens": 14, "runs": {"greedy": {"settings": {}, "new_ids": new_ids}}},
    }
    (where / "case.json").write_text(json.dumps(case, indent=1) + "\n")


def reordered(model, order):
    """The same function with the channels of the residual stream in another order: other sums, other rounding."""
    other, back = copy.deepcopy(model), torch.argsort(order)
    into = lambda n: (n.endswith(("o_proj.weight", "o_proj.bias", "down_proj.weight")) or
                      n.endswith("norm.weight") and "self_attn" not in n)
    out_of = lambda n: n.endswith("proj.weight") or "embed_tokens" in n or "lm_head" in n
    with torch.no_grad():
        for name, p in other.named_parameters():
            p.copy_(p[order] if into(name) else p[:, order] if out_of(name) else p)
    def restore(grads):
        return {n: g[back] if into(n) else g[:, back] if out_of(n) else g for n, g in grads.items()}
    return other, restore


def noise(folder, draws=40):
    """The worst gradient in float32 against float64, over orders of the channels; and what weights off by half a unit in
    the last place do to the gradients in float64."""
    for name, (_, model_class, _) in CASES.items():
        io = load_file(folder / name / "io.safetensors")
        inputs = io["input_ids"], io["attention_mask"], io["labels"]
        model = model_class.from_pretrained(folder / name / "model", attn_implementation="eager", dtype=torch.float32).eval()
        exact = run(copy.deepcopy(model).double(), *inputs)[2]
        worst = lambda grads: max(error(grads[k], exact[k]) for k in grads if exact[k].any())
        torch.manual_seed(SEED)
        single, double = [], []
        for _ in range(draws):
            other, restore = reordered(model, torch.randperm(model.config.hidden_size))
            single.append(worst(restore(run(other, *inputs)[2])))
            other = copy.deepcopy(model).double()
            with torch.no_grad():
                for p in other.parameters():
                    p.mul_(1 + (2 * torch.rand_like(p) - 1) * 2 ** -24)
            double.append(worst(run(other, *inputs)[2]))
        for what, e in ("float32", single), ("weights", double):
            print(f"{name}: {what}: least {min(e):.2g}, median {sorted(e)[draws // 2]:.2g}, most {max(e):.2g}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "noise":
        noise(Path(sys.argv[2]))
        sys.exit()
    for name in CASES:
        make(name, Path(sys.argv[1]) / name)
