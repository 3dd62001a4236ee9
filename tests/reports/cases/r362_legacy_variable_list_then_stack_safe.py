# class: safe-rnn
import torch
import torch.nn as nn
from torch.autograd import Variable


def repackage_hidden(h):
    """Wraps hidden states in new Variables, to detach them from their history."""
    if isinstance(h, torch.Tensor):
        return h.detach()
    else:
        return tuple(repackage_hidden(v) for v in h)


class Decoder(nn.Module):
    def __init__(self, n=4):
        super(Decoder, self).__init__()
        self.cell = nn.LSTMCell(n, n)
        self.out = nn.Linear(n, n)

    def forward(self, x, hidden, steps):
        outputs = []
        for _ in range(steps):
            hidden = self.cell(x, hidden)
            x = self.out(hidden[0])
            outputs += [x]
        return torch.stack(outputs, 1), hidden


torch.manual_seed(0)
dec = Decoder()
opt = torch.optim.Adam(dec.parameters(), lr=1e-3)
hidden = (Variable(torch.zeros(2, 4)), Variable(torch.zeros(2, 4)))
total_loss = 0
for i in range(3):
    hidden = repackage_hidden(hidden)
    out, hidden = dec(Variable(torch.randn(2, 4)), hidden, 3)
    loss = out.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    total_loss += loss.data
