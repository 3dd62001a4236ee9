import torch


class Agent:
    def __init__(self):
        self.x = torch.rand(4)

    def go(self):
        self.x[0] = 1.0
        self.x.requires_grad_()


def run(n):
    agents = [Agent() for _ in range(n)]
    for a in agents:
        a.go()


run(3)
