# class: safe-no-grad-inference
import torch
import torch.nn as nn

torch.manual_seed(0)


class LM(nn.Module):
    def __init__(self, v=7, d=5):
        super().__init__()
        self.emb, self.rnn, self.head = nn.Embedding(v, d), nn.GRUCell(d, d), nn.Linear(d, v)

    def step(self, tok, h):
        h = self.rnn(self.emb(tok), h)
        return torch.log_softmax(self.head(h), -1), h

    @torch.no_grad()
    def beam_search(self, k=3, steps=3, eos=0):
        seqs = torch.full((k, 1), 1)
        scores = torch.zeros(k)
        scores[1:] = float("-inf")
        h = torch.zeros(k, 5)
        for _ in range(steps):
            lp, h = self.step(seqs[:, -1], h)
            lp[:, eos] = float("-inf")
            total = lp.add_(scores.unsqueeze(1))
            scores, flat = total.view(-1).topk(k)
            beam, tok = flat // 7, flat % 7
            h = h[beam]
            seqs = torch.cat([seqs[beam], tok.unsqueeze(1)], 1)
        return seqs, scores


lm = LM()
opt = torch.optim.Adam(lm.parameters())
seqs, _ = lm.beam_search()
h, loss = torch.zeros(3, 5), 0.0
for t in range(seqs.size(1) - 1):
    lp, h = lm.step(seqs[:, t], h)
    loss = loss - lp.gather(1, seqs[:, t + 1 : t + 2]).mean()
opt.zero_grad()
loss.backward()
opt.step()
