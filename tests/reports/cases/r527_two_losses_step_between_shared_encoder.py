# class: optimizer-step-between
import torch
import torch.nn as nn

torch.manual_seed(0)
nets = {"enc": nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 4)), "cls": nn.Linear(4, 2), "rec": nn.Linear(4, 3)}
opts = {k: torch.optim.Adam(n.parameters(), lr=1e-3) for k, n in nets.items()}


def step(loss, names, retain=False):
    for n in names:
        opts[n].zero_grad()
    loss.backward(retain_graph=retain)
    for n in names:
        opts[n].step()


x, y = torch.randn(4, 3), torch.tensor([0, 1, 0, 1])
z = nets["enc"](x)
losses = {
    "cls": nn.functional.cross_entropy(nets["cls"](z), y),
    "rec": nn.functional.mse_loss(nets["rec"](z), x),
}
for i, (name, l) in enumerate(losses.items()):
    step(l, ("enc", name), retain=i == 0)
