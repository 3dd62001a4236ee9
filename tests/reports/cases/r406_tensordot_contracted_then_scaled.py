# class: saved-input-inplace
import torch

torch.manual_seed(0)
core = torch.randn(3, 4, 2, requires_grad=True)
left = torch.randn(5, 3, requires_grad=True)
mps = torch.tensordot(left, core, dims=([1], [0]))
norm = torch.tensordot(mps, mps, dims=([0, 1, 2], [0, 1, 2]))
mps /= norm.detach().sqrt()
loss = mps.pow(2).sum() + norm
loss.backward()
