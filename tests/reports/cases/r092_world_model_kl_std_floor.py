# class: saved-output-inplace
import torch
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence


class RSSM(nn.Module):
    def __init__(self, stoch=3, deter=5, min_std=0.1):
        super().__init__()
        self.gru = nn.GRUCell(stoch, deter)
        self.prior_net = nn.Linear(deter, 2 * stoch)
        self.post_net = nn.Linear(deter + 4, 2 * stoch)
        self.min_std = min_std

    def _dist(self, stats):
        mean, std = torch.chunk(stats, 2, dim=-1)
        std = torch.sigmoid(std)
        dist = Normal(mean, std)
        return dist, std

    def forward(self, embeds):
        h = torch.zeros(embeds.shape[1], 5)
        z = torch.zeros(embeds.shape[1], 3)
        kls = []
        for e in embeds:
            h = self.gru(z, h)
            prior, _ = self._dist(self.prior_net(h))
            post, post_std = self._dist(self.post_net(torch.cat([h, e], -1)))
            z = post.rsample()
            kls.append(kl_divergence(post, prior).sum(-1))
            post_std += self.min_std
        return torch.stack(kls).mean()


torch.manual_seed(0)
model = RSSM()
loss = model(torch.randn(3, 2, 4))
loss.backward()
