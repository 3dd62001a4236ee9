# class: safe-multitask
import torch
import torch.nn as nn

torch.manual_seed(0)
backbone = nn.Linear(4, 4)
heads = nn.ModuleDict({k: nn.Linear(4, 2) for k in ("a", "b")})
opt = torch.optim.SGD([*backbone.parameters(), *heads.parameters()], lr=0.1)
for _ in range(2):
    opt.zero_grad()
    feat = torch.relu(backbone(torch.randn(3, 4)))
    z = feat.detach().requires_grad_()
    for k, head in heads.items():
        head(z).logsumexp(-1).mean().backward()
    z.grad.div_(len(heads))
    feat.backward(z.grad)
    opt.step()
