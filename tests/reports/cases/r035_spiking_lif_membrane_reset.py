# class: mask-inplace
import torch
import torch.nn as nn


class SurrogateSpike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).float()

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output / (1 + 10 * u.abs()) ** 2


spike_fn = SurrogateSpike.apply


class LIF(nn.Module):
    def __init__(self, beta=0.9, threshold=1.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, current, mem):
        mem = self.beta * mem + current
        spk = spike_fn(mem - self.threshold)
        mem[spk.bool()] = 0.0
        return spk, mem


class SNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5, 8)
        self.lif = LIF()
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        mem = torch.zeros(x.shape[1], 8)
        rec = []
        for step in range(x.shape[0]):
            spk, mem = self.lif(self.fc(x[step]), mem)
            rec.append(self.out(spk))
        return torch.stack(rec)


torch.manual_seed(0)
net = SNN()
y = net(torch.rand(6, 3, 5))
nn.functional.cross_entropy(y.sum(0), torch.tensor([0, 1, 1])).backward()
