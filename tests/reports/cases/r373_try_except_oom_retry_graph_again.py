# class: graph-reused
import torch
import torch.nn as nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(2, 3)
pred = model(x)
loss = pred.pow(2).mean()
for attempt in range(2):
    try:
        loss.backward()
        if attempt == 0:
            raise MemoryError("pretend")
        opt.step()
        break
    except MemoryError:
        opt.zero_grad(set_to_none=True)
