# class: safe-optimizer-order
import torch
import torch.nn as nn

torch.manual_seed(1)


class Generator(nn.Module):
    def __init__(self, nz, ngf):
        super(Generator, self).__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 2, 4, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, input):
        return self.main(input)


class Discriminator(nn.Module):
    def __init__(self, ndf):
        super(Discriminator, self).__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, ndf, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(ndf, 1, 4), nn.Sigmoid()
        )

    def forward(self, input):
        return self.main(input).view(-1)


G, D = Generator(5, 4), Discriminator(4)
bce = nn.BCELoss()
optD, optG = torch.optim.Adam(D.parameters()), torch.optim.Adam(G.parameters())
for i in range(2):
    D.zero_grad()
    errD_real = bce(D(torch.randn(3, 1, 8, 8)), torch.ones(3))
    errD_real.backward()
    fake = G(torch.randn(3, 5, 1, 1))
    errD_fake = bce(D(fake.detach()), torch.zeros(3))
    errD_fake.backward()
    optD.step()
    G.zero_grad()
    errG = bce(D(fake), torch.ones(3))
    errG.backward()
    optG.step()
