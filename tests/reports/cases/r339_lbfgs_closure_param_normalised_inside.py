# class: leaf-inplace
import torch

torch.manual_seed(0)
A = torch.randn(4, 4)
A = A @ A.T
v = torch.randn(4, requires_grad=True)
opt = torch.optim.LBFGS([v], max_iter=3, line_search_fn="strong_wolfe")


def closure():
    opt.zero_grad()
    v.div_(v.norm())
    loss = v @ A @ v
    loss.backward()
    return loss


opt.step(closure)
