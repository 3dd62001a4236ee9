# class: memory-bank-update
import torch
import torch.nn as nn
import torch.nn.functional as F


class Memory:
    def __init__(self, slots, width):
        self.M = torch.zeros(slots, width) + 1e-3

    def address(self, key, strength):
        sim = F.cosine_similarity(self.M, key.unsqueeze(0), dim=-1)
        return F.softmax(strength * sim, dim=0)

    def read(self, w):
        return w @ self.M

    def write(self, w, erase, add):
        self.M *= 1 - torch.outer(w, erase)
        self.M += torch.outer(w, add)


class NTM(nn.Module):
    def __init__(self, inp=3, width=4, hid=6):
        super().__init__()
        self.ctrl = nn.Linear(inp + width, hid)
        self.heads = nn.ModuleDict({k: nn.Linear(hid, width) for k in ("key", "erase", "add")})
        self.out = nn.Linear(hid + width, 2)

    def forward(self, seq):
        mem = Memory(5, 4)
        r = torch.zeros(4)
        for x in seq:
            h = torch.tanh(self.ctrl(torch.cat([x, r])))
            w = mem.address(self.heads["key"](h), 2.0)
            r = mem.read(w)
            mem.write(w, torch.sigmoid(self.heads["erase"](h)), self.heads["add"](h))
        return self.out(torch.cat([h, r]))


torch.manual_seed(0)
net = NTM()
loss = net(torch.randn(4, 3)).pow(2).sum()
loss.backward()
