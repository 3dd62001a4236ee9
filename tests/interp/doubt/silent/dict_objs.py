import torch


class Agent:
    def __init__(self):
        self.x = torch.rand(4)


def run(names):
    agents = {n: Agent() for n in names}
    for n in names:
        agents[n].x[0] = 1.0
        agents[n].x.requires_grad_()


run(["a", "b"])
