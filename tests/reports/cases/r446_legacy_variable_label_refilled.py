# class: saved-input-inplace
import torch
import torch.nn as nn
from torch.autograd import Variable

torch.manual_seed(0)
netD = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
criterion = nn.BCELoss()
label = torch.FloatTensor(4, 1)
labelv = Variable(label)
real, fake = Variable(torch.randn(4, 3)), Variable(torch.randn(4, 3))
labelv.data.fill_(1)
err_real = criterion(netD(real), labelv)
label.fill_(0)
err_fake = criterion(netD(fake), labelv)
(err_real + err_fake).backward()
