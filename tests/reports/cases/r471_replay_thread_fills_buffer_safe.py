# class: safe-rl
import threading
from collections import deque

import torch
import torch.nn as nn

replay = deque(maxlen=50)
lock = threading.Lock()


def collect(policy, n):
    with torch.no_grad():
        for _ in range(n):
            s = torch.randn(3)
            a = policy(s).argmax().item()
            with lock:
                replay.append((s, a, float(a == 1)))


torch.manual_seed(0)
q = nn.Sequential(nn.Linear(3, 8), nn.ReLU(inplace=True), nn.Linear(8, 2))
opt = torch.optim.Adam(q.parameters())
t = threading.Thread(target=collect, args=(q, 16), daemon=True)
t.start()
t.join()
for _ in range(2):
    batch = list(replay)[:8]
    s = torch.stack([b[0] for b in batch])
    a = torch.tensor([b[1] for b in batch])
    r = torch.tensor([b[2] for b in batch])
    loss = (q(s).gather(1, a[:, None]).squeeze(1) - r).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
