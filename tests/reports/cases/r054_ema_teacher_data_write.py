# class: data-write-saved
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class MeanTeacher:
    def __init__(self, dim=4):
        self.student = nn.Sequential(nn.Linear(dim, 8), nn.Tanh(), nn.Linear(8, dim))
        self.teacher = nn.Sequential(nn.Linear(dim, 8), nn.Tanh(), nn.Linear(8, dim))
        self.teacher.load_state_dict(self.student.state_dict())
        self.opt = torch.optim.SGD(self.student.parameters(), lr=0.5)

    def sync(self, m):
        for s, t in zip(self.student.parameters(), self.teacher.parameters()):
            s.data.mul_(m).add_(t.data, alpha=1 - m)

    def step(self, x):
        pred = self.student(x)
        with torch.no_grad():
            target = self.teacher(x + 0.1 * torch.randn_like(x))
        loss = F.mse_loss(pred, target + 1)
        self.sync(0.5)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()


mt = MeanTeacher()
for x in torch.randn(2, 6, 4):
    mt.step(x)
