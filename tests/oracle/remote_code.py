#!/usr/bin/env python3
"""Families whose modelling code was published beside the weights, in odd shapes: tests/golden/model/*-odd.

    remote_code.py CODE_FOLDER OUTPUT_FOLDER CASE ...

CODE_FOLDER holds a folder for each release of RELEASES with its configuration_*.py and modeling_*.py; nothing of them is
kept. transformers 4.33.3, but 4.44.2 for InternLM2, whose later code was written for it. A folder is read back by the
original class before anything is computed; the noise is that of the same class in float64.
"""
import importlib, json, math, sys, types
from contextlib import contextmanager
from pathlib import Path

import torch, transformers
from safetensors.torch import save_file

SEED = 20261123
PAD, BOS, EOS = 0, 1, 2

# release: module, class of the configuration, class of the model, where the code was read
RELEASES = {
    "chatglm": ("chatglm", "ChatGLMConfig", "ChatGLMForConditionalGeneration", "greensheng/chatglm-6b 8b7d335"),
    "chatglm2": ("chatglm", "ChatGLMConfig", "ChatGLMForConditionalGeneration", "syjjhl/chatglm2-6b 8fd7fba"),
    "moss": ("moss", "MossConfig", "MossForCausalLM", "OpenMOSS/MOSS f7c3309"),
    "baichuan7b": ("baichuan", "BaiChuanConfig", "BaiChuanForCausalLM", "baichuan-inc/Baichuan-7B 6f3ef46"),
    "baichuan13b": ("baichuan", "BaichuanConfig", "BaichuanForCausalLM", "Mrgengli/baichuan_python bac52bf"),
    "baichuan2_7b": ("baichuan", "BaichuanConfig", "BaichuanForCausalLM", "InternLM/InternEvo-HFModels d335092"),
    "baichuan2_13b": ("baichuan", "BaichuanConfig", "BaichuanForCausalLM", "jrd77/Baichuan2-13B-Chat d022d72"),
    "internlm": ("internlm", "InternLMConfig", "InternLMForCausalLM", "InternLM/InternLM def738a"),
    "internlm2": ("internlm2", "InternLM2Config", "InternLM2ForCausalLM", "InternLM/InternEvo-HFModels d335092"),
    "qwen": ("qwen", "QWenConfig", "QWenLMHeadModel", "zhangningboo/Qwen-7B ffe04dd"),
}
BAICHUAN = dict(vocab_size=61, intermediate_size=53, num_hidden_layers=2, rms_norm_eps=1e-6)
QWEN = dict(
    vocab_size=61, hidden_size=42, num_hidden_layers=2, num_attention_heads=3, kv_channels=14, intermediate_size=74,
    max_position_embeddings=40, layer_norm_epsilon=1e-6, rotary_pct=1.0, rotary_emb_base=7000, use_dynamic_ntk=True,
    use_logn_attn=True, no_bias=False, fp32=True, use_flash_attn=False, attn_dropout_prob=0.0, emb_dropout_prob=0.0)
CASES = {  # head counts, widths and groups that no published model has
    "chatglm-odd": ("chatglm", dict(
        vocab_size=67, hidden_size=60, num_layers=2, num_attention_heads=5, inner_hidden_size=43, max_sequence_length=40,
        layernorm_epsilon=1e-5, position_encoding_2d=True, bos_token_id=64, eos_token_id=65, pad_token_id=3,
        mask_token_id=62, gmask_token_id=63)),
    "chatglm2-odd": ("chatglm2", dict(
        padded_vocab_size=61, hidden_size=33, num_layers=2, num_attention_heads=6, kv_channels=12, seq_length=40,
        multi_query_attention=True, multi_query_group_num=3, ffn_hidden_size=37, add_qkv_bias=True, rmsnorm=True,
        layernorm_epsilon=1e-5, post_layer_norm=True, original_rope=True)),
    "moss-odd": ("moss", dict(
        vocab_size=61, n_positions=40, n_ctx=40, n_embd=60, n_layer=2, n_head=12, rotary_dim=4, n_inner=37,
        bos_token_id=BOS, eos_token_id=EOS)),
    "baichuan-7b-odd": ("baichuan7b", dict(
        BAICHUAN, hidden_size=42, num_attention_heads=3, max_position_embeddings=40)),
    "baichuan-13b-odd": ("baichuan13b", dict(BAICHUAN, hidden_size=49, num_attention_heads=7, model_max_length=40)),
    "baichuan2-7b-odd": ("baichuan2_7b", dict(
        BAICHUAN, hidden_size=50, num_attention_heads=5, max_position_embeddings=40, model_max_length=40,
        z_loss_weight=0)),
    "baichuan2-13b-odd": ("baichuan2_13b", dict(
        BAICHUAN, hidden_size=45, num_attention_heads=9, model_max_length=40, z_loss_weight=0)),
    "internlm-odd": ("internlm", dict(
        BAICHUAN, hidden_size=42, num_attention_heads=3, max_position_embeddings=40, bias=True,
        rotary={"base": 7000, "type": "origin"})),
    "internlm2-odd": ("internlm2", dict(
        BAICHUAN, hidden_size=60, num_attention_heads=6, num_key_value_heads=3, max_position_embeddings=40, bias=True,
        rope_theta=5000, rope_scaling={"type": "linear", "factor": 3.0}, attn_implementation="eager")),
    "qwen-odd": ("qwen", dict(QWEN, seq_length=40)),
    "qwen-long-odd": ("qwen", dict(QWEN, seq_length=7)),
}


def classes(code, release):
    module, config, model, _ = RELEASES[release]
    if code not in sys.path:
        sys.path.insert(0, code)
    if release == "baichuan7b":  # imports a library of CUDA kernels that it calls in training only
        ops = types.ModuleType("xformers.ops")
        sys.modules.update({"xformers": types.ModuleType("xformers"), "xformers.ops": ops})
        sys.modules["xformers"].ops = ops
    else:
        sys.modules.pop("xformers", None)
        sys.modules.pop("xformers.ops", None)
    modeling = importlib.import_module(f"{release}.modeling_{module}")
    configuration = importlib.import_module(f"{release}.configuration_{module}")
    if release == "baichuan2_7b":
        modeling.xops = None
    return getattr(configuration, config), getattr(modeling, model)


@contextmanager
def float64():
    """Every float32 that the originals ask for by name is a float64."""
    saved = torch.float32, torch.float, torch.Tensor.float
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.float32, torch.float, torch.Tensor.float = saved
        torch.set_default_dtype(torch.float32)


def fill(model, half):
    generator = torch.Generator().manual_seed(SEED)
    for name, p in model.named_parameters():
        draw = torch.randn(p.shape, generator=generator)
        norm = p.ndim == 1 and name.endswith("weight")
        if p.ndim == 1:
            draw = float(norm) + 0.25 * draw
        else:
            draw *= 2 / math.sqrt(p.shape[1])
        if hasattr(model.config, "inner_hidden_size") and name.endswith(("dense.weight", "4h_to_h.weight")):
            draw *= 10  # beside a residual that is multiplied by sqrt(56)
        with torch.no_grad():
            p.copy_(draw.half() if half else draw)


def rows(config, release):
    """ids, what the model takes beside them, labels; padded on the right where the family has a mask of rows."""
    high = getattr(config, "padded_vocab_size", config.vocab_size)
    generator = torch.Generator().manual_seed(SEED + 1)
    if release == "chatglm":  # context, [gMASK] or a [MASK] within it, <sop>, answer, <eop>
        ids = torch.randint(4, 62, (3, 17), generator=generator)
        for r, at in enumerate((5, 9, 3)):
            ids[r, at], ids[r, at + 1 + 2 * (r == 2)], ids[r, -1] = 63 - (r == 2), 64, 65
        labels = ids.clone()
        for r in range(3):
            labels[r, : ids[r].tolist().index(64) + 1] = -100
        return ids, {}, labels
    ids = torch.randint(3, high, (3, 17), generator=generator)
    mask = torch.ones_like(ids)
    for r in range(3):
        mask[r, 17 - 3 * r:] = 0
    ids[mask == 0] = PAD
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :4] = -100
    return ids, {"attention_mask": mask}, labels


def run(model, ids, beside, labels):
    model.zero_grad()
    out = model(input_ids=ids, labels=labels, use_cache=False, return_dict=True, **beside)
    out.loss.backward()
    grads = {"grad." + n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return out.logits.detach(), out.loss.detach(), grads


def glm_inputs(model, ids):
    """The mask (1: hidden) and the two positions that the model itself makes of these ids."""
    marks = [63 if 63 in row else 62 for row in ids.tolist()]
    at = [row.index(mark) for row, mark in zip(ids.tolist(), marks)]
    positions = model.get_position_ids(ids, mask_positions=at, device=ids.device, use_gmasks=[m == 63 for m in marks])
    return {"attention_mask": model.get_masks(ids, ids.device).to(torch.uint8), "position_ids": positions}


def error(a, b):
    return float((a.double() - b).abs().max() / b.abs().max())


def greedy(model, prompt, n):
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(n):
            ids.append(int(model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
    return ids[len(prompt):]


def build(config_class, model_class, keys, release, dtype):
    config = config_class(**{"pad_token_id": PAD, **keys})
    if release == "chatglm2":
        config.torch_dtype = dtype
    kept = {"empty_init": False} if release.startswith("chatglm") else {}
    model = model_class(config, **kept).to(dtype).eval()
    if release == "chatglm":
        model.tie_weights()
    return model


def save(model, release, where):
    where.mkdir(parents=True, exist_ok=True)
    state = {k: v.clone().contiguous() for k, v in model.state_dict().items()}
    save_file(state, where / "model.safetensors", {"format": "pt"})
    keys = model.config.to_diff_dict()
    keys["architectures"] = [type(model).__name__]
    keys["model_type"] = model.config.model_type or "moss"
    for key in ("auto_map", "torch_dtype", "transformers_version"):
        keys.pop(key, None)
    (where / "config.json").write_text(json.dumps(keys, indent=1, sort_keys=True) + "\n")


def load(config_class, model_class, release, where):
    config = config_class.from_pretrained(where)
    kept = {"empty_init": False} if release.startswith("chatglm") else {}
    if release == "chatglm2":
        config.torch_dtype = torch.float32
    if release == "internlm2":
        kept["attn_implementation"] = "eager"
    return model_class.from_pretrained(where, config=config, torch_dtype=torch.float32, **kept).float().eval()


def make(name, code, where):
    release, keys = CASES[name]
    config_class, model_class = classes(code, release)
    model = build(config_class, model_class, keys, release, torch.float32)
    fill(model, release == "chatglm")  # which makes float16 of what it loads
    save(model, release, where / "model")
    again = load(config_class, model_class, release, where / "model")
    ids, beside, labels = rows(model.config, release)
    learning = release.startswith("baichuan2")  # NormHead's gradient goes through the norm only then
    logits, loss, grads = run(again.train(learning), ids, beside, labels)
    with float64():
        wide = build(config_class, model_class, keys, release, torch.float64)
        wide.load_state_dict({k: v.double() if v.is_floating_point() else v for k, v in model.state_dict().items()
                              if "inv_freq" not in k}, strict=False)
        want = run(wide.train(learning), ids, beside, labels)
    worst = max(grads, key=lambda k: error(grads[k], want[2][k]))
    prompts = [[33, 7, 12, 59, 63, 64], [44, 9, 25, 60, 3, 18, 63, 64]] if release == "chatglm" else [[1, 7, 30], [1, 44, 9, 25, 60, 3]]
    new_ids = [greedy(again.eval(), p, 12) for p in prompts]
    if release == "chatglm":
        beside = glm_inputs(again, ids)
    save_file({"input_ids": ids, **beside, "labels": labels, "logits": logits, "loss": loss.reshape(1), **grads},
              where / "io.safetensors")
    kind = "uncached_greedy" if "long" in name else "greedy"  # Qwen's cache keeps what a shorter text gave
    case = {
        "case": name, "family": release, "code": RELEASES[release][3], "transformers": transformers.__version__,
        "torch": torch.__version__.split("+")[0], "seed": SEED,
        "noise": {"logits": error(logits, want[0]), "loss": abs(float(loss) - float(want[1])),
                  "worst_grad": {"name": worst, "value": error(grads[worst], want[2][worst])}},
        "generation": {"prompts": prompts, "max_new_tokens": 12, "runs": {kind: {"settings": {}, "new_ids": new_ids}}},
    }
    (where / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    print(name, case["noise"], new_ids[0])


torch.set_num_threads(1)
for name in sys.argv[3:]:
    make(name, sys.argv[1], Path(sys.argv[2]) / name)
