#!/usr/bin/env python3
"""export.py: what ift-export writes, the programs it is for read, and they compute the same.

    export.py pth MODEL FOLDER      torch.load of a checkpoint with weights_only, the original code's
                                    equations over it and its params.json, against transformers on MODEL
    export.py gguf MODEL FILE TYPE  gguf's reader on a file of f32, f16, bf16 or q8_0: names, keys, and
                                    the bytes that gguf's own quantization gives
    export.py load MODEL FILE       transformers loads a GGUF file: logits

(tests/cli/export/pth.sh and gguf.sh run it.) torch 2.9, transformers 5.23, gguf 0.19.
"""
import json
import os
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

torch.set_num_threads(1)
step, model_dir, path = sys.argv[1:4]


def load(folder, **how):
    from transformers import AutoModelForCausalLM

    how.update(attn_implementation="eager", dtype=torch.float32)
    return AutoModelForCausalLM.from_pretrained(folder, **how).eval()


def compare(got, want, limit, what):
    error = ((got - want).abs().max() / want.abs().max()).item()
    if not error <= limit:
        sys.exit(f"{what}: {error:.3g} apart")


def original(w, p, ids):
    """facebookresearch/llama, model.py: the equations, from its checkpoint and params alone."""
    heads, kv = p["n_heads"], p.get("n_kv_heads", p["n_heads"])
    head = p["dim"] // heads
    hidden = int(2 * (4 * p["dim"]) / 3)
    if "ffn_dim_multiplier" in p:
        hidden = int(p["ffn_dim_multiplier"] * hidden)
    hidden = p["multiple_of"] * ((hidden + p["multiple_of"] - 1) // p["multiple_of"])
    n = len(ids)
    freqs = 1.0 / (p.get("rope_theta", 10000.0) ** (torch.arange(0, head, 2)[: head // 2].float() / head))
    turn = torch.polar(torch.ones(n, head // 2), torch.outer(torch.arange(n).float(), freqs))[:, None]

    def norm(x, weight):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + p["norm_eps"]) * weight

    def rotate(x):
        pairs = torch.view_as_complex(x.reshape(n, x.shape[1], -1, 2))
        return torch.view_as_real(pairs * turn).flatten(2)

    x = w["tok_embeddings.weight"][ids]
    mask = torch.full((n, n), float("-inf")).triu(1)
    for i in range(p["n_layers"]):
        a, f = f"layers.{i}.attention.", f"layers.{i}.feed_forward."
        if w[f + "w1.weight"].shape != (hidden, p["dim"]):
            sys.exit(f"params.json asks for a width of {hidden}")
        h = norm(x, w[f"layers.{i}.attention_norm.weight"])
        q = rotate(F.linear(h, w[a + "wq.weight"]).view(n, heads, head))
        k = rotate(F.linear(h, w[a + "wk.weight"]).view(n, kv, head)).repeat_interleave(heads // kv, 1)
        v = F.linear(h, w[a + "wv.weight"]).view(n, kv, head).repeat_interleave(heads // kv, 1)
        scores = torch.einsum("qhd,khd->hqk", q, k) / head**0.5 + mask
        o = torch.einsum("hqk,khd->qhd", scores.softmax(-1), v).reshape(n, -1)
        x = x + F.linear(o, w[a + "wo.weight"])
        h = norm(x, w[f"layers.{i}.ffn_norm.weight"])
        h = F.silu(F.linear(h, w[f + "w1.weight"])) * F.linear(h, w[f + "w3.weight"])
        x = x + F.linear(h, w[f + "w2.weight"])
    return F.linear(norm(x, w["norm.weight"]), w["output.weight"])


def ids_for(model):
    return torch.arange(3, 3 + 17) * 5 % model.config.vocab_size


if step == "pth":
    state = torch.load(os.path.join(path, "consolidated.00.pth"), weights_only=True)
    params = json.load(open(os.path.join(path, "params.json")))
    model = load(model_dir)
    ids = ids_for(model)
    with torch.no_grad():
        want = model(input_ids=ids[None]).logits[0]
        got = original({k: v.float() for k, v in state.items()}, params, ids)
    exact = all(v.dtype == torch.float32 for v in state.values())
    compare(got, want, 5e-6 if exact else 5e-3, path)
    c, s = model.config, model.state_dict()
    for name, t in state.items():  # every number is there, once rounded
        if not name.endswith(("wq.weight", "wk.weight")):
            continue
        hf = s["model.layers.%s.self_attn.%s_proj.weight" % (name.split(".")[1], name.split(".")[3][1])]
        heads = c.num_attention_heads if name.endswith("wq.weight") else c.num_key_value_heads
        there = hf.view(heads, 2, hf.shape[0] // heads // 2, hf.shape[1]).transpose(1, 2).reshape(hf.shape)
        if not torch.equal(there.to(t.dtype), t):
            sys.exit(f"{name}: other numbers")

elif step == "gguf":
    import gguf
    from gguf.constants import GGMLQuantizationType as T

    kind = {"f32": T.F32, "f16": T.F16, "bf16": T.BF16, "q8_0": T.Q8_0}[sys.argv[4]]
    reader = gguf.GGUFReader(path)
    c = json.load(open(os.path.join(model_dir, "config.json")))
    s = load_file(os.path.join(model_dir, "model.safetensors"))
    key = {k: f.contents() for k, f in reader.fields.items()}
    arch = key["general.architecture"]
    for name, value in (("block_count", c["num_hidden_layers"]), ("embedding_length", c["hidden_size"]),
                        ("attention.head_count", c["num_attention_heads"]), ("vocab_size", c["vocab_size"]),
                        ("attention.head_count_kv", c["num_key_value_heads"])):
        if key[f"{arch}.{name}"] != value:
            sys.exit(f"{name} is {key[f'{arch}.{name}']}, not {value}")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA if arch == "llama" else gguf.MODEL_ARCH[arch.upper()],
                                     c["num_hidden_layers"])
    have = {t.name: t for t in reader.tensors}
    for name, want in s.items():
        t = have.pop(names.get_name(name, try_suffixes=(".weight", ".bias")))
        if arch == "llama" and name.split(".")[-2] in ("q_proj", "k_proj"):
            heads = c["num_attention_heads" if name.split(".")[-2] == "q_proj" else "num_key_value_heads"]
            want = want.reshape(heads, 2, want.shape[0] // heads // 2, -1).transpose(1, 2).reshape(want.shape)
        as_kind = kind if want.ndim > 1 else T.F32
        if as_kind == T.Q8_0 and want.shape[-1] % 32:
            as_kind = T.F16
        data = gguf.quants.quantize(want.contiguous().numpy(), as_kind)
        if t.tensor_type != as_kind or list(t.shape) != list(want.shape)[::-1] or t.data.tobytes() != data.tobytes():
            sys.exit(f"{name}: {t.tensor_type.name} {list(t.shape)}, or other bytes than {as_kind.name}")
        if t.data_offset % 32:
            sys.exit(f"{name} is not aligned")
    if set(have) - {"rope_freqs.weight"}:
        sys.exit(f"too many tensors: {sorted(have)}")

else:
    model = load(model_dir)
    folder, file = os.path.split(os.path.abspath(path))
    ids = ids_for(model)[None]
    with torch.no_grad():
        compare(load(folder, gguf_file=file)(input_ids=ids).logits, model(input_ids=ids).logits, 5e-6, path)
