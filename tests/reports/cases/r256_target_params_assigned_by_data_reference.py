# class: data-write-saved
import torch
import torch.nn as nn
import torch.nn.functional as F


class DoubleQ(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(3, 4)
        self.q1, self.q2 = nn.Linear(4, 2), nn.Linear(4, 2)

    def swap(self):
        a, b = self.q1.weight.data.clone(), self.q2.weight.data.clone()
        self.q1.weight.data.copy_(b)
        self.q2.weight.data.copy_(a)

    def forward(self, s):
        z = torch.tanh(self.enc(s))
        return self.q1(z), self.q2(z)


torch.manual_seed(0)
net = DoubleQ()
q1, q2 = net(torch.randn(5, 3))
net.swap()
loss = F.mse_loss(q1, q2.detach()) + q2.pow(2).mean()
loss.backward()
