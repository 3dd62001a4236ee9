# class: safe-swa
import torch
import torch.nn as nn
from torch.optim.swa_utils import SWALR, AveragedModel

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
swa = AveragedModel(net)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=4)
swa_sched = SWALR(opt, swa_lr=0.05)
for epoch in range(3):
    loss = net(torch.randn(5, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch >= 1:
        swa.update_parameters(net)
        swa_sched.step()
    else:
        sched.step()
with torch.no_grad():
    swa(torch.randn(5, 3))
