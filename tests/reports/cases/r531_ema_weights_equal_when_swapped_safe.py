# class: safe-data-swap
import torch
import torch.nn as nn
import torch.nn.functional as F


class ExponentialMovingAverage:
    def __init__(self, parameters, decay=0.9):
        parameters = list(parameters)
        self.shadow_params = [p.clone().detach() for p in parameters]
        self.collected = None
        self.decay = decay

    @torch.no_grad()
    def copy_to(self, parameters):
        for s, p in zip(self.shadow_params, parameters):
            p.data.copy_(s.data)

    def store(self, parameters):
        self.collected = [p.clone() for p in parameters]

    def restore(self, parameters):
        for c, p in zip(self.collected, parameters):
            p.data.copy_(c.data)

    def update(self, parameters):
        with torch.no_grad():
            for s, p in zip(self.shadow_params, parameters):
                s.sub_((1 - self.decay) * (s - p))


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.5)
ema = ExponentialMovingAverage(model.parameters())
for step in range(2):
    x = torch.randn(4, 3)
    logits = model(x)
    ema.store(model.parameters())
    ema.copy_to(model.parameters())
    with torch.no_grad():
        target = model(x).softmax(-1)
    loss = F.kl_div(logits.log_softmax(-1), target, reduction="batchmean")
    opt.zero_grad()
    loss.backward()
    ema.restore(model.parameters())
    opt.step()
    ema.update(model.parameters())
