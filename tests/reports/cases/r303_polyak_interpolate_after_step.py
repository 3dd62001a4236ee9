# class: safe-data-swap
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)


def soft_update(target, source, tau=0.05):
    for tp, sp in zip(target.parameters(), source.parameters()):
        tp.data = (1 - tau) * tp.data + tau * sp.data


q = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
q_target = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
q_target.load_state_dict(q.state_dict())
opt = torch.optim.RMSprop(q.parameters(), lr=1e-3)
for it in range(4):
    s, a, r, s2 = torch.randn(4, 3), torch.randint(0, 2, (4,)), torch.randn(4), torch.randn(4, 3)
    qa = q(s).gather(1, a[:, None]).squeeze(1)
    with torch.no_grad():
        y = r + 0.99 * q_target(s2).max(1)[0]
    loss = F.smooth_l1_loss(qa, y)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(q.parameters(), 1.0)
    opt.step()
    soft_update(q_target, q)
