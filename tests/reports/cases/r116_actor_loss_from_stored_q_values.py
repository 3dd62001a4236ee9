# class: optimizer-step-between
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


def compute_loss(batch, nets):
    s, a, r = batch["s"], batch["a"], batch["r"]
    q = nets["critic"](torch.cat((s, a), dim=1))
    pi = nets["actor"](s)
    q_pi = nets["critic"](torch.cat((s, pi), dim=1))
    return dict(critic=F.mse_loss(q, r), actor=-q_pi.mean())


nets = {
    "actor": nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2)),
    "critic": nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 1)),
}
opts = {k: torch.optim.Adam(n.parameters(), lr=1e-3) for k, n in nets.items()}
batch = {"s": torch.randn(6, 3), "a": torch.randn(6, 2), "r": torch.randn(6, 1)}
losses = compute_loss(batch, nets)
for key in ("critic", "actor"):
    opts[key].zero_grad()
    losses[key].backward()
    opts[key].step()
