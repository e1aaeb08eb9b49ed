#!/usr/bin/env python3
"""Learning rates of transformers' schedules, as exact doubles for tests/unit/test_schedule.c."""
import torch
from transformers import get_scheduler

def rates(name, warmup, total, lr=0.003):
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    s = get_scheduler(name, opt, num_warmup_steps=warmup, num_training_steps=total)
    out = []
    for _ in range(total):
        out.append(opt.param_groups[0]["lr"])
        opt.step()
        s.step()
    return out

for name, warmup, total in (("constant_with_warmup", 2, 6), ("linear", 2, 6), ("linear", 0, 6), ("cosine", 3, 10)):
    print(name, warmup, total, ", ".join(repr(x) for x in rates(name, warmup, total)))
