# class: safe-param-update
import torch
import torch.nn as nn

torch.manual_seed(0)
vgg = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3), nn.ReLU(inplace=True)).eval()
for p in vgg.parameters():
    p.requires_grad_(False)
img = torch.rand(1, 3, 12, 12)
target_feat = vgg(img).detach()
generated = torch.rand_like(img).requires_grad_(True)
optimizer = torch.optim.LBFGS([generated], max_iter=2)
run = [0]
while run[0] < 4:

    def closure():
        generated.data.clamp_(0, 1)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(vgg(generated), target_feat)
        loss.backward()
        run[0] += 1
        return loss

    optimizer.step(closure)
generated.data.clamp_(0, 1)
