import torch


class Agent:
    def __init__(self):
        self.x = torch.rand(4, requires_grad=True)

    def go(self):
        y = self.x.exp()
        y += 1
        return y.sum()


def run(n):
    agents = [Agent() for _ in range(n)]
    for a in agents:
        a.go().backward()


run(3)
