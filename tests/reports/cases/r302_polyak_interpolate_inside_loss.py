# class: swapped-data-between
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)


def interpolate(target, source, tau):
    for p, q in zip(target.parameters(), source.parameters()):
        p.data = (1 - tau) * p.data + tau * q.data


student = nn.Sequential(nn.Linear(3, 6), nn.Sigmoid(), nn.Linear(6, 2))
teacher = nn.Sequential(nn.Linear(3, 6), nn.Sigmoid(), nn.Linear(6, 2))
opt = torch.optim.SGD(student.parameters(), lr=0.1)

x = torch.randn(5, 3)
out = student(x)
interpolate(student, teacher, 0.3)
with torch.no_grad():
    target = teacher(x)
loss = F.mse_loss(out, target)
opt.zero_grad()
loss.backward()
opt.step()
