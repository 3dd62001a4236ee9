# class: saved-index-modified
import torch
import torch.nn as nn


class SequenceScorer(nn.Module):
    def __init__(self, v=9, d=4):
        super().__init__()
        self.emb, self.rnn, self.out = nn.Embedding(v, d), nn.GRUCell(d, d), nn.Linear(d, v)

    def forward(self, tokens):
        h = torch.zeros(tokens.size(0), 4)
        total = 0.0
        for t in range(tokens.size(1) - 1):
            h = self.rnn(self.emb(tokens[:, t]), h)
            lp = self.out(h).log_softmax(-1)
            total = total + lp.gather(1, tokens[:, t + 1 : t + 2]).sum()
        return total


torch.manual_seed(0)
scorer = SequenceScorer()
tokens = torch.randint(1, 9, (2, 4))
score = scorer(tokens)
tokens[:, -1] = 0
(-score).backward()
