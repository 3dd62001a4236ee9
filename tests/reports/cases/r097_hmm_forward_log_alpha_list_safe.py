# class: safe-list-or-int
import torch
import torch.nn as nn

torch.manual_seed(0)


class HMM(nn.Module):
    def __init__(self, S=3, V=5):
        super().__init__()
        self.T, self.E, self.pi = (nn.Parameter(torch.randn(*s)) for s in ((S, S), (S, V), (S,)))

    def log_likelihood(self, obs):
        logT, logE, logpi = (p.log_softmax(-1) for p in (self.T, self.E, self.pi))
        alphas = [logpi + logE[:, obs[0]]]
        for o in obs[1:]:
            prev = alphas[-1]
            alphas += [torch.logsumexp(prev.unsqueeze(1) + logT, 0) + logE[:, o]]
        return torch.logsumexp(torch.stack(alphas)[-1], 0)


hmm = HMM()
opt = torch.optim.Rprop(hmm.parameters())
for _ in range(2):
    opt.zero_grad()
    nll = -hmm.log_likelihood(torch.tensor([0, 3, 4, 1]))
    nll.backward()
    opt.step()
