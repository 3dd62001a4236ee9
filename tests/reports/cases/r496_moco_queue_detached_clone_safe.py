# class: safe-buffer-update
import torch
import torch.nn as nn
import torch.nn.functional as F


class Queue(nn.Module):
    def __init__(self, dim, size):
        super().__init__()
        self.register_buffer("mem", F.normalize(torch.randn(size, dim), dim=1))
        self.register_buffer("ptr", torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def push(self, x):
        p = int(self.ptr)
        self.mem[p:p + x.size(0)] = x
        self.ptr[0] = (p + x.size(0)) % self.mem.size(0)

    def forward(self, q):
        return q @ self.mem.clone().detach().t()


torch.manual_seed(0)
student, teacher, queue = nn.Linear(3, 4), nn.Linear(3, 4), Queue(4, 8)
teacher.load_state_dict(student.state_dict())
for p in teacher.parameters():
    p.requires_grad_(False)
opt = torch.optim.SGD(student.parameters(), lr=0.1)
for it in range(2):
    x = torch.randn(2, 3)
    q = F.normalize(student(x), dim=1)
    k = F.normalize(teacher(x), dim=1)
    logits = torch.cat([(q * k).sum(1, keepdim=True), queue(q)], 1).div_(0.07)
    queue.push(k)
    loss = F.cross_entropy(logits, torch.zeros(2, dtype=torch.long))
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for ps, pt in zip(student.parameters(), teacher.parameters()):
            pt.mul_(0.99).add_(ps, alpha=0.01)
