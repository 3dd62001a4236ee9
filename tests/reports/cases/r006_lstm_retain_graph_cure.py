# class: retain-graph-then-step
import torch
import torch.nn as nn

torch.manual_seed(0)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(3, 6)
        self.fc = nn.Linear(6, 2)

    def forward(self, x, h):
        h = self.cell(x, h)
        return self.fc(h), h


net = Tagger()
opt = torch.optim.Adam(net.parameters())
h = torch.zeros(4, 6)
for step in range(5):
    x = torch.randn(4, 3)
    out, h = net(x, h)
    loss = out.pow(2).mean()
    opt.zero_grad()
    loss.backward(retain_graph=True)
    opt.step()
