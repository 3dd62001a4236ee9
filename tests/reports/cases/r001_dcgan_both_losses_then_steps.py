# class: optimizer-step-between
import argparse

import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--nz", type=int, default=6)
parser.add_argument("--lr", type=float, default=2e-4)
opt = parser.parse_args([])

torch.manual_seed(1)
netG = nn.Sequential(nn.Linear(opt.nz, 16), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16, 8), nn.Tanh())
netD = nn.Sequential(nn.Linear(8, 16), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16, 1))
criterion = nn.BCEWithLogitsLoss()
optimizerD = torch.optim.Adam(netD.parameters(), lr=opt.lr, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=opt.lr, betas=(0.5, 0.999))

for epoch in range(2):
    real = torch.randn(4, 8)
    noise = torch.randn(4, opt.nz)
    fake = netG(noise)
    out_fake = netD(fake)
    errD = criterion(netD(real), torch.ones(4, 1)) + criterion(out_fake, torch.zeros(4, 1))
    errG = criterion(out_fake, torch.ones(4, 1))

    netD.zero_grad()
    errD.backward(retain_graph=True)
    optimizerD.step()

    netG.zero_grad()
    errG.backward()
    optimizerG.step()
