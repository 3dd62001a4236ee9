import torch


class C:
    cache = None

    def get(self, x):
        if self.cache is None or self.cache.shape != x.shape:
            self.cache = torch.zeros_like(x)
        return self.cache


def run(xs):
    c = C()
    w = torch.ones(4, requires_grad=True)
    for x in xs:
        buf = c.get(x)
        buf.copy_(x)
        (w * x).sum().backward()


run([torch.rand(4), torch.rand(4)])
