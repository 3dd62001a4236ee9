# class: safe-preallocated-output
import torch
import torch.nn as nn


class ChildSumTreeLSTM(nn.Module):
    def __init__(self, in_dim, mem_dim):
        super().__init__()
        self.mem_dim = mem_dim
        self.ioux, self.iouh = nn.Linear(in_dim, 3 * mem_dim), nn.Linear(mem_dim, 3 * mem_dim)
        self.fx, self.fh = nn.Linear(in_dim, mem_dim), nn.Linear(mem_dim, mem_dim)

    def node_forward(self, x, child_c, child_h):
        child_h_sum = torch.sum(child_h, dim=0, keepdim=True)
        iou = self.ioux(x) + self.iouh(child_h_sum)
        i, o, u = torch.split(iou, iou.size(1) // 3, dim=1)
        i, o, u = torch.sigmoid(i), torch.sigmoid(o), torch.tanh(u)
        f = torch.sigmoid(self.fh(child_h) + self.fx(x).repeat(len(child_h), 1))
        c = torch.mul(i, u) + torch.sum(f * child_c, dim=0, keepdim=True)
        return c, torch.mul(o, torch.tanh(c))

    def forward(self, tree, inputs):
        states = {}

        def visit(node):
            kids = [visit(k) for k in tree.get(node, [])]
            if kids:
                c, h = (torch.cat(t, dim=0) for t in zip(*kids))
            else:
                c = h = torch.zeros(1, self.mem_dim)
            states[node] = self.node_forward(inputs[node : node + 1], c, h)
            return states[node]

        return visit(0)


torch.manual_seed(0)
net, head = ChildSumTreeLSTM(4, 5), nn.Linear(5, 2)
_, h = net({0: [1, 2], 1: [3]}, torch.randn(4, 4))
nn.functional.cross_entropy(head(h), torch.tensor([1])).backward()
