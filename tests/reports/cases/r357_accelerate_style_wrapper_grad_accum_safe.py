# class: safe-accumulation
from contextlib import nullcontext

import torch
import torch.nn as nn


class Accelerator:
    def __init__(self, gradient_accumulation_steps=2):
        self.n = gradient_accumulation_steps
        self.step_count = 0
        self.sync_gradients = False

    def prepare(self, *objs):
        return objs if len(objs) > 1 else objs[0]

    def accumulate(self, model):
        self.step_count += 1
        self.sync_gradients = self.step_count % self.n == 0
        return nullcontext()

    def backward(self, loss, **kw):
        (loss / self.n).backward(**kw)

    def clip_grad_norm_(self, params, norm):
        return nn.utils.clip_grad_norm_(params, norm)


torch.manual_seed(0)
acc = Accelerator()
model, opt = nn.Linear(3, 1), None
opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
model, opt = acc.prepare(model, opt)
total = torch.zeros(())
for i in range(4):
    with acc.accumulate(model):
        loss = model(torch.randn(4, 3)).pow(2).mean()
        total += loss.detach()
        acc.backward(loss)
        if acc.sync_gradients:
            acc.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            opt.zero_grad()
