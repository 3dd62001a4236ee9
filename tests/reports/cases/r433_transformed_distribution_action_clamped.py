# class: saved-output-inplace
import torch
import torch.nn as nn
from torch.distributions import Normal, TransformedDistribution
from torch.distributions.transforms import TanhTransform

torch.manual_seed(0)
head = nn.Linear(3, 2)
mu = head(torch.randn(4, 3))
pi = TransformedDistribution(Normal(mu, torch.ones_like(mu) * 0.5), [TanhTransform(cache_size=1)])
action = pi.rsample()
logp = pi.log_prob(action).sum(-1)
action.clamp_(-0.99, 0.99)
(action.pow(2).sum() - logp.mean()).backward()
