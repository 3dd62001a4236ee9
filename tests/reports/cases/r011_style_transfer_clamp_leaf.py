# class: leaf-inplace
import torch
import torch.nn as nn

torch.manual_seed(0)
vgg = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3), nn.ReLU(inplace=True))
for p in vgg.parameters():
    p.requires_grad_(False)
content = torch.rand(1, 3, 12, 12)
target_feat = vgg(content).detach()
generated = content.clone().requires_grad_(True)
optimizer = torch.optim.LBFGS([generated], max_iter=2)


def closure():
    optimizer.zero_grad()
    generated.clamp_(0, 1)
    loss = nn.functional.mse_loss(vgg(generated), target_feat)
    loss.backward()
    return loss


for _ in range(2):
    optimizer.step(closure)
