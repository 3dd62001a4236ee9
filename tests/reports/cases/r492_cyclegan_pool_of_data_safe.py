# class: safe-gan
import torch
import torch.nn as nn


class ImagePool:
    def __init__(self, pool_size):
        self.pool_size, self.images = pool_size, []

    def query(self, images):
        if self.pool_size == 0:
            return images
        out = []
        for image in images.data:
            image = image[None]
            if len(self.images) < self.pool_size:
                self.images.append(image)
                out.append(image)
            else:
                tmp = self.images.pop(0).clone()
                self.images.append(image)
                out.append(tmp)
        return torch.cat(out, 0)


def set_requires_grad(nets, requires_grad=False):
    if not isinstance(nets, list):
        nets = [nets]
    for net in nets:
        if net is not None:
            for param in net.parameters():
                param.requires_grad = requires_grad


torch.manual_seed(0)
G = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.InstanceNorm2d(2), nn.ReLU(True), nn.Conv2d(2, 1, 3, padding=1))
D = nn.Sequential(nn.Conv2d(1, 2, 3), nn.LeakyReLU(0.2, True), nn.Conv2d(2, 1, 3))
opt_g, opt_d = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
pool = ImagePool(2)
for _ in range(3):
    fake = G(torch.randn(1, 1, 6, 6))
    set_requires_grad(D, False)
    opt_g.zero_grad()
    (D(fake) - 1).pow(2).mean().backward()
    opt_g.step()
    set_requires_grad([D], True)
    opt_d.zero_grad()
    D(pool.query(fake)).pow(2).mean().backward()
    opt_d.step()
