# class: safe-lbfgs
import torch
import torch.nn as nn
import torch.nn.functional as F


def gram(x):
    b, c, h, w = x.shape
    f = x.view(b * c, h * w)
    return (f @ f.t()).div(b * c * h * w)


torch.manual_seed(0)
features = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=False), nn.Conv2d(4, 4, 3, padding=1))
for p in features.parameters():
    p.requires_grad_(False)
style, content = torch.rand(1, 3, 6, 6), torch.rand(1, 3, 6, 6)
target_style = gram(features(style)).detach()
target_content = features(content).detach()
img = content.clone().requires_grad_(True)
optimizer = torch.optim.LBFGS([img])
run = [0]
while run[0] <= 3:

    def closure():
        with torch.no_grad():
            img.clamp_(0, 1)
        optimizer.zero_grad()
        f = features(img)
        loss = 1e3 * F.mse_loss(gram(f), target_style) + F.mse_loss(f, target_content)
        loss.backward()
        run[0] += 1
        return loss

    optimizer.step(closure)
