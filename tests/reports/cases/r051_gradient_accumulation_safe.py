# class: safe-optimizer-order
from itertools import cycle, islice

import torch
import torch.nn as nn

torch.manual_seed(0)


class Trainer:
    def __init__(self, model, accum=2):
        self.model, self.accum = model, accum
        self.opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
        self.sched = torch.optim.lr_scheduler.StepLR(self.opt, 1)
        self.running = torch.zeros(())

    def fit(self, batches):
        self.opt.zero_grad()
        for i, (x, y) in enumerate(batches, 1):
            loss = nn.functional.cross_entropy(self.model(x), y) / self.accum
            loss.backward()
            self.running += loss.detach()
            if i % self.accum == 0:
                nn.utils.clip_grad_value_(self.model.parameters(), 0.5)
                self.opt.step()
                self.opt.zero_grad()
                self.sched.step()


data = [(torch.randn(4, 6), torch.randint(0, 3, (4,))) for _ in range(3)]
net = nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 8), nn.GELU(), nn.Dropout(0.1, inplace=True), nn.Linear(8, 3))
Trainer(net).fit(islice(cycle(data), 4))
