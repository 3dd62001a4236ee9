# class: safe-param-update
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
features = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(4, 2, 3, padding=1))


def step(img, lr=0.1, jitter=1):
    ox, oy = 1, -jitter
    img = torch.roll(img, (ox, oy), (-1, -2)).detach().requires_grad_(True)
    act = features(img)
    loss = act.norm()
    loss.backward()
    g = img.grad
    g /= g.abs().mean() + 1e-8
    img.data += lr * g
    img.grad.zero_()
    out = torch.roll(img, (-ox, -oy), (-1, -2))
    return out.detach().clamp_(0, 1)


image = torch.rand(1, 3, 6, 6)
for octave in range(2):
    image = F.interpolate(image, scale_factor=1.5, mode="bilinear", align_corners=False)
    for _ in range(2):
        image = step(image)
