# class: safe-data-swap
import torch
import torch.nn as nn


class EMA:
    def __init__(self, model, decay):
        self.model, self.decay = model, decay
        self.shadow, self.backup = {}, {}
        for name, param in model.named_parameters():
            if param.requires_grad:
                self.shadow[name] = param.data.clone()

    def update(self):
        for name, param in self.model.named_parameters():
            if param.requires_grad:
                assert name in self.shadow
                self.shadow[name] = ((1.0 - self.decay) * param.data + self.decay * self.shadow[name]).clone()

    def __enter__(self):
        for name, param in self.model.named_parameters():
            self.backup[name] = param.data
            param.data = self.shadow[name]

    def __exit__(self, *exc):
        for name, param in self.model.named_parameters():
            param.data = self.backup[name]
        self.backup = {}


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.Linear(4, 1))
opt = torch.optim.Adam(model.parameters())
ema = EMA(model, 0.9)
for _ in range(2):
    loss = model(torch.randn(4, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    ema.update()
    with ema, torch.no_grad():
        model.eval()
        model(torch.randn(4, 3))
        model.train()
