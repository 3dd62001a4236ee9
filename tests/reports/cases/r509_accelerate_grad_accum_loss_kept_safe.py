# class: safe-accumulation
from contextlib import nullcontext

import torch
import torch.nn as nn


class Accelerator:
    def __init__(self, gradient_accumulation_steps=1):
        self.steps, self.n, self.sync_gradients = gradient_accumulation_steps, 0, True

    def prepare(self, *args):
        return args

    def accumulate(self, model):
        self.n += 1
        self.sync_gradients = self.n % self.steps == 0
        return nullcontext()

    def backward(self, loss, **kwargs):
        (loss / self.steps).backward(**kwargs)

    def clip_grad_norm_(self, params, norm):
        return nn.utils.clip_grad_norm_(params, norm)


torch.manual_seed(0)
accelerator = Accelerator(gradient_accumulation_steps=2)
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 2))
optimizer = torch.optim.AdamW(model.parameters())
loader = [(torch.randn(2, 3), torch.tensor([0, 1])) for _ in range(4)]
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
total_loss = 0
for step, (x, y) in enumerate(loader):
    with accelerator.accumulate(model):
        loss = nn.functional.cross_entropy(model(x), y)
        total_loss += loss.detach().float()
        accelerator.backward(loss)
        if accelerator.sync_gradients:
            accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
print(total_loss.item() / len(loader))
