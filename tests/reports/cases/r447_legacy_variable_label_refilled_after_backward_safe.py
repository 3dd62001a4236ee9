# class: safe-legacy
import torch
import torch.nn as nn
from torch.autograd import Variable

torch.manual_seed(0)
netD = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
opt = torch.optim.SGD(netD.parameters(), lr=0.1)
criterion = nn.BCELoss()
label = torch.FloatTensor(4, 1)
for it in range(2):
    netD.zero_grad()
    label.fill_(1)
    err_real = criterion(netD(Variable(torch.randn(4, 3))), Variable(label))
    err_real.backward()
    label.fill_(0)
    err_fake = criterion(netD(Variable(torch.randn(4, 3))), Variable(label))
    err_fake.backward()
    opt.step()
