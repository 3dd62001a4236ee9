from collections import deque

import torch


def run(n):
    q = deque(maxlen=2)
    for i in range(n):
        q.append(torch.rand(4))
    q[0].requires_grad_()
    q.append(torch.rand(4))
    q.append(torch.rand(4))
    q[0][0] = 1.0


run(2)
