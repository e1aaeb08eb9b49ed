#!/usr/bin/env python3
"""Adapters that hold modules whole (modules_to_save), as peft makes and trains them: tests/golden/peft/saved-*.

    saved_modules.py OUTPUT_FOLDER

Each folder has a base of its own, ten batches, the adapter before and after ten steps of AdamW, and what peft computed:
    saved-grown   LLaMA after resize_token_embeddings, as Chinese-LLaMA was made; embedding, output projection, norms
    saved-tied    GPT-2, one matrix for both tables, saved once (ensure_weight_tying)
    saved-apart   LLaMA with tied tables of which one is saved, so that they come apart
`final` is as save_pretrained wrote it, with the copies that it adds when the vocabulary was resized.
"""
import copy, json, sys, warnings
from pathlib import Path

import peft, torch, transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from torch.overrides import TorchFunctionMode

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
SEED, STEPS, LR = 20261124, 10, 0.01
LLAMA = dict(vocab_size=57, hidden_size=24, intermediate_size=36, num_hidden_layers=2, num_attention_heads=2,
             num_key_value_heads=1, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)
GPT2 = dict(vocab_size=57, n_embd=24, n_layer=2, n_head=3, n_inner=37, n_positions=64, pad_token_id=0, bos_token_id=1,
            eos_token_id=2, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
CASES = {
    "saved-grown": (transformers.LlamaConfig, dict(LLAMA, tie_word_embeddings=False), 9,
                    dict(r=3, lora_alpha=5, modules_to_save=["embed_tokens", "lm_head", "norm"])),
    "saved-tied": (transformers.GPT2Config, GPT2, 0,
                   dict(r=2, lora_alpha=3, fan_in_fan_out=True, target_modules=["c_attn", "c_proj"],
                        modules_to_save=["wte", "lm_head", "ln_f"], ensure_weight_tying=True)),
    "saved-apart": (transformers.LlamaConfig, dict(LLAMA, tie_word_embeddings=True), 0,
                    dict(r=2, lora_alpha=4, target_modules=["q_proj", "gate_proj", "o_proj"],
                         modules_to_save=["embed_tokens", "0.mlp.up_proj"])),
}


class Double(TorchFunctionMode):
    """float32, where code asks for it, is float64."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.float and args[0].dtype is torch.float64:
            return args[0]
        args = tuple(torch.float64 if a is torch.float32 else a for a in args)
        if kwargs.get("dtype") is torch.float32:
            kwargs["dtype"] = torch.float64
        return func(*args, **kwargs)


class Single:
    __enter__ = lambda self: self
    __exit__ = lambda self, *a: False


def make_batches(vocab):
    g = torch.Generator().manual_seed(SEED + 1)
    draw = lambda low, high: int(torch.randint(low, high + 1, (1,), generator=g))
    out = {}
    for i in [*map(str, range(STEPS)), "probe"]:
        length = [draw(7, 13), draw(7, 13)]
        shape = (2, max(length))
        ids, mask, labels = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long), torch.full(shape, -100)
        for r, n in enumerate(length):
            ids[r, :n] = torch.randint(3, vocab, (n,), generator=g)
            ids[r, 1] = vocab - 1 - r  # one of the last rows
            mask[r, :n] = 1
            labels[r, 2:n] = ids[r, 2:n]
        out |= {f"{i}.input_ids": ids, f"{i}.attention_mask": mask, f"{i}.labels": labels}
    return out


def batch(batches, i, labels=True):
    keys = ["input_ids", "attention_mask"] + ["labels"] * labels
    return {k: batches[f"{i}.{k}"] for k in keys}


def load(folder, grow):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    if grow:
        torch.manual_seed(SEED + 2)
        model.resize_token_embeddings(model.config.vocab_size + grow)
    return model


def plain(name):
    return name.replace(".modules_to_save.default", "").replace(".default", "")


@torch.no_grad()
def logits(model, batches, i, how):
    model.eval()
    with how:
        return model(**batch(batches, i, labels=False)).logits.clone()


def run(model, batches, how):
    """What a run gives: the first logits, the losses, the gradients of the first step, the tensors at the end."""
    r = {"init": logits(model, batches, "probe", how), "step0": logits(model, batches, 0, how), "losses": []}
    trained = {plain(n): p for n, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(trained.values(), lr=LR, weight_decay=0)
    model.train()
    for i in range(STEPS):
        with how:
            loss = model(**batch(batches, i)).loss
        loss.backward()
        r["losses"].append(loss.item())
        if i == 0:
            r["grads"] = {n: p.grad.clone() for n, p in trained.items()}
        optimizer.step()
        optimizer.zero_grad()
    r["final"] = logits(model, batches, "probe", how)
    r["tensors"] = {n: p.detach().clone() for n, p in trained.items()}
    return r


def make(name, folder):
    kind, config, grow, options = CASES[name]
    torch.manual_seed(SEED)
    base = transformers.AutoModelForCausalLM.from_config(kind(**config))
    with torch.no_grad():
        for n, p in base.named_parameters():
            if p.ndim == 1:
                p.copy_(float(n.endswith("weight")) + 0.2 * torch.randn_like(p))
            else:
                p.normal_(0, 0.3)
    base.save_pretrained(folder / "base")
    for junk in folder.glob("base/generation_config.json"):
        junk.unlink()
    batches = make_batches(config["vocab_size"] + grow)
    save_file(batches, folder / "batches.safetensors")

    model = get_peft_model(load(folder / "base", grow), LoraConfig(task_type="CAUSAL_LM", **copy.deepcopy(options)))
    with torch.no_grad():
        for p in model.parameters():
            if p.requires_grad:
                p.add_(0.05 * torch.randn_like(p))
    written = model.peft_config["default"]
    written.base_model_name_or_path = "base"
    # peft takes lm_head away when it ties, and then does not know what it wrote for tied where an embedding is called wte.
    peft_has, written.modules_to_save = written.modules_to_save, options["modules_to_save"]
    model.save_pretrained(folder / "init", save_embedding_layers=False)
    written.modules_to_save = peft_has
    double = copy.deepcopy(model).double()
    one, two = run(model, batches, Single()), run(double, batches, Double())
    model.config.name_or_path = "base"
    model.save_pretrained(folder / "final", save_embedding_layers=bool(grow))
    for junk in folder.glob("*/README.md"):
        junk.unlink()
    before = {n: p.clone() for n, p in load(folder / "base", grow).state_dict().items()}
    merged = model.merge_and_unload()
    io = {"logits_init": one["init"], "logits_step0": one["step0"], "logits_final": one["final"],
          "losses": torch.tensor(one["losses"]), "logits_merged": logits(merged, batches, "probe", Single())}
    io |= {"grad." + n: g for n, g in one["grads"].items()}
    io |= {"merged." + n: p for n, p in merged.state_dict().items()
           if n not in before or before[n].shape != p.shape or not torch.equal(before[n], p)}
    save_file({n: t.detach().clone().contiguous() for n, t in io.items()}, folder / "io.safetensors")
    noise = {n: (t.double() - two["tensors"][n]).abs().max().item() for n, t in one["tensors"].items()}
    if options.get("ensure_weight_tying"):
        noise["base_model.model.lm_head.weight"] = noise["base_model.model.transformer.wte.weight"]
    case = {"case": name, "library": {m.__name__: m.__version__.split("+")[0] for m in (peft, torch, transformers)},
            "seed": SEED, "noise": {"loss": max(abs(a - b) for a, b in zip(one["losses"], two["losses"])),
                                    "final_parameter_abs": noise}}
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    print(name, one["losses"][0], "->", one["losses"][-1], "noise", case["noise"]["loss"], max(noise.values()))


if __name__ == "__main__":
    for name in CASES:
        folder = Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        make(name, folder)
