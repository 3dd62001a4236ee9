# class: saved-input-inplace
import torch
import torch.nn as nn


class PrioritizedBuffer:
    def __init__(self, alpha=0.6):
        self.alpha = alpha
        self.prios = torch.zeros(16)

    def update_priorities(self, idx, td):
        td.abs_().add_(1e-5).pow_(self.alpha)
        self.prios[idx] = td.detach()


torch.manual_seed(0)
q = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
buf = PrioritizedBuffer()
opt = torch.optim.RMSprop(q.parameters())
s, a, target, w = torch.randn(6, 4), torch.randint(0, 2, (6, 1)), torch.randn(6), torch.rand(6)
td = q(s).gather(1, a).squeeze(1) - target
loss = (w * td.pow(2)).mean()
buf.update_priorities(torch.arange(6), td)
opt.zero_grad()
loss.backward()
opt.step()
