# class: optimizer-step-between
import torch
import torch.nn as nn
from torch.autograd import Variable

torch.manual_seed(0)
netG, netD = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.2, inplace=True), nn.Linear(4, 1), nn.Sigmoid())
optG, optD = torch.optim.Adam(netG.parameters()), torch.optim.Adam(netD.parameters())
criterion = nn.BCELoss()
input, noise, label = torch.FloatTensor(4, 3), torch.FloatTensor(4, 2), torch.FloatTensor(4, 1)
for i in range(2):
    input.normal_()
    label.fill_(1)
    noise.normal_()
    netD.zero_grad()
    errD_real = criterion(netD(Variable(input)), Variable(label))
    errD_real.backward()
    fake = netG(Variable(noise))
    out = netD(fake)
    errD_fake = criterion(out, Variable(label.clone().fill_(0)))
    errD_fake.backward(retain_graph=True)
    optD.step()
    netG.zero_grad()
    errG = criterion(out, Variable(label.clone()))
    errG.backward()
    optG.step()
