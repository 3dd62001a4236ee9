# class: safe-einsum
import torch

torch.manual_seed(0)
cores = [torch.randn(2, 3, 2, requires_grad=True) for _ in range(3)]
opt = torch.optim.Adam(cores, lr=1e-2)
for _ in range(2):
    v = torch.ones(1, 2)
    log_scale = torch.zeros(())
    for c in cores:
        v = torch.einsum("bi,ijk->bk", v, c)
        s = v.detach().norm()
        v = v / s
        log_scale += s.log()
    loss = v.sum() ** 2 + log_scale
    opt.zero_grad()
    loss.backward()
    with torch.no_grad():
        torch._foreach_clamp_max_([c.grad for c in cores], 1.0) if hasattr(torch, "_foreach_clamp_max_") else None
    opt.step()
