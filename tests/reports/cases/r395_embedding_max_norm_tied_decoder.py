# class: max-norm-write
import torch
import torch.nn as nn
import torch.nn.functional as F


class TiedLM(nn.Module):
    def __init__(self, v=10, d=4):
        super().__init__()
        self.emb = nn.Embedding(v, d, max_norm=0.5)
        self.rnn = nn.RNN(d, d, batch_first=True)

    def logits(self, h):
        return F.linear(h, self.emb.weight)

    def forward(self, tokens, negatives):
        h, _ = self.rnn(self.emb(tokens))
        pos = self.logits(h)
        neg = (h.mean(1) * self.emb(negatives)).sum(-1)
        return pos, neg


torch.manual_seed(0)
m = TiedLM()
pos, neg = m(torch.randint(0, 10, (2, 5)), torch.randint(0, 10, (2,)))
loss = pos.logsumexp(-1).mean() + F.softplus(neg).mean()
loss.backward()
