# class: saved-output-inplace
import torch
import torch.nn as nn


def make_loss(eps=1e-7):
    def loss_fn(logits, target):
        p = logits.sigmoid()
        p += eps
        return -(target * p.log() + (1 - target) * (1 - p + 2 * eps).log()).mean()

    return loss_fn


torch.manual_seed(0)
model = nn.Linear(5, 1)
criterion = make_loss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(2):
    x, y = torch.randn(8, 5), torch.randint(0, 2, (8, 1)).float()
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
