# class: graph-reused
import random

import torch
import torch.nn as nn


class ImagePool:
    def __init__(self, pool_size):
        self.pool_size = pool_size
        self.num_imgs, self.images = 0, []

    def query(self, images):
        out = []
        for image in images:
            image = torch.unsqueeze(image, 0)
            if self.num_imgs < self.pool_size:
                self.num_imgs += 1
                self.images.append(image)
                out.append(image)
            else:
                tmp, self.images[0] = self.images[0], image
                out.append(tmp)
        return torch.cat(out, 0)


torch.manual_seed(0)
G, D = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 1, 3, padding=1)), nn.Conv2d(1, 1, 3)
opt_g, opt_d = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
pool = ImagePool(1)
for _ in range(2):
    fake = G(torch.randn(1, 1, 6, 6))
    opt_g.zero_grad()
    (D(fake) - 1).pow(2).mean().backward(retain_graph=True)
    opt_g.step()
    opt_d.zero_grad()
    D(pool.query(fake)).pow(2).mean().backward()
    opt_d.step()
