# class: optimizer-step-between
import itertools

import torch
import torch.nn as nn


class CycleGAN:
    def __init__(self, lr=2e-4):
        self.G_A, self.G_B = nn.Linear(3, 3), nn.Linear(3, 3)
        self.D_A = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.2, True), nn.Linear(4, 1))
        self.optimizer_G = torch.optim.Adam(itertools.chain(self.G_A.parameters(), self.G_B.parameters()), lr=lr)
        self.optimizer_D = torch.optim.Adam(self.D_A.parameters(), lr=lr)
        self.gan = nn.MSELoss()

    def set_input(self, batch):
        self.real_A, self.real_B = batch

    def forward(self):
        self.fake_B = self.G_A(self.real_A)
        self.rec_A = self.G_B(self.fake_B)

    def backward_G(self):
        pred = self.D_A(self.fake_B)
        self.loss_G = self.gan(pred, torch.ones_like(pred)) + 10 * (self.rec_A - self.real_A).abs().mean()
        self.loss_G.backward()

    def backward_D(self):
        pred_fake = self.D_A(self.fake_B)
        pred_real = self.D_A(self.real_B)
        self.loss_D = self.gan(pred_fake, torch.zeros_like(pred_fake)) + self.gan(pred_real, torch.ones_like(pred_real))
        self.loss_D.backward()

    def optimize_parameters(self):
        self.forward()
        self.optimizer_G.zero_grad()
        self.backward_G()
        self.optimizer_G.step()
        self.optimizer_D.zero_grad()
        self.backward_D()
        self.optimizer_D.step()


torch.manual_seed(0)
model = CycleGAN()
for _ in range(2):
    model.set_input((torch.randn(4, 3), torch.randn(4, 3)))
    model.optimize_parameters()
