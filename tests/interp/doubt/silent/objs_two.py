import torch


class Agent:
    def __init__(self):
        self.x = torch.rand(4)


def run(n, i, j):
    agents = [Agent() for _ in range(n)]
    agents[i].x.requires_grad_()
    agents[j].x[0] = 1.0


run(2, 0, 1)
