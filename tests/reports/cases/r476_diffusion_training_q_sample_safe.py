# class: safe-diffusion
import copy

import torch
import torch.nn as nn


class EMA:
    def __init__(self, beta):
        self.beta, self.step = beta, 0

    def update_model_average(self, ma_model, current_model):
        for current, ma in zip(current_model.parameters(), ma_model.parameters()):
            ma.data = self.update_average(ma.data, current.data)

    def update_average(self, old, new):
        return new if old is None else old * self.beta + (1 - self.beta) * new

    def step_ema(self, ema_model, model, start=1):
        if self.step < start:
            ema_model.load_state_dict(model.state_dict())
        else:
            self.update_model_average(ema_model, model)
        self.step += 1


class Diffusion:
    def __init__(self, steps=10):
        self.steps = steps
        self.beta = torch.linspace(1e-4, 0.02, steps)
        self.alpha_hat = torch.cumprod(1.0 - self.beta, dim=0)

    def noise_images(self, x, t):
        a = torch.sqrt(self.alpha_hat[t])[:, None, None, None]
        b = torch.sqrt(1 - self.alpha_hat[t])[:, None, None, None]
        eps = torch.randn_like(x)
        return a * x + b * eps, eps

    def sample(self, model, n):
        model.eval()
        with torch.no_grad():
            x = torch.randn(n, 1, 4, 4)
            for i in reversed(range(1, self.steps)):
                x -= self.beta[i] * model(x)
        model.train()
        return x.clamp_(-1, 1)


torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.SiLU(inplace=True), nn.Conv2d(4, 1, 1))
ema_model = copy.deepcopy(model).eval().requires_grad_(False)
ema, diffusion = EMA(0.995), Diffusion()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
for i in range(3):
    x = torch.randn(2, 1, 4, 4)
    t = torch.randint(1, diffusion.steps, (2,))
    x_t, noise = diffusion.noise_images(x, t)
    loss = nn.functional.mse_loss(noise, model(x_t))
    opt.zero_grad()
    loss.backward()
    opt.step()
    ema.step_ema(ema_model, model)
imgs = diffusion.sample(ema_model, 2)
