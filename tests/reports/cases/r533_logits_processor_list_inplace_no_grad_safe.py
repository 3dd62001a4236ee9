# class: safe-no-grad-inference
import torch
import torch.nn as nn


class RepetitionPenalty:
    def __init__(self, penalty):
        self.penalty = penalty

    def __call__(self, ids, scores):
        s = torch.gather(scores, 1, ids)
        s = torch.where(s < 0, s * self.penalty, s / self.penalty)
        scores.scatter_(1, ids, s)
        return scores


class TopK:
    def __init__(self, k):
        self.k = k

    def __call__(self, ids, scores):
        scores[scores < torch.topk(scores, self.k)[0][..., -1, None]] = -float("inf")
        return scores


class ProcessorList(list):
    def __call__(self, ids, scores):
        for p in self:
            scores = p(ids, scores)
        return scores


torch.manual_seed(0)
emb, head = nn.Embedding(7, 4), nn.Linear(4, 7)
opt = torch.optim.SGD([*emb.parameters(), *head.parameters()], lr=0.1)
procs = ProcessorList([RepetitionPenalty(1.2), TopK(3)])


@torch.no_grad()
def generate(ids, n):
    for _ in range(n):
        nxt = procs(ids, head(emb(ids[:, -1]))).softmax(-1).multinomial(1)
        ids = torch.cat([ids, nxt], 1)
    return ids


for _ in range(2):
    ids = generate(torch.zeros(2, 1, dtype=torch.long), 3)
    logits = head(emb(ids[:, :-1]))
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
