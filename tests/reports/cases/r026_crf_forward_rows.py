# class: recurrence-buffer
import torch
import torch.nn as nn

torch.manual_seed(0)


class CRF(nn.Module):
    def __init__(self, tags):
        super().__init__()
        self.tags = tags
        self.transitions = nn.Parameter(torch.randn(tags, tags))

    def _forward_alg(self, feats):
        alpha = torch.zeros(len(feats), self.tags)
        alpha[0] = feats[0]
        for t in range(1, len(feats)):
            scores = alpha[t - 1].unsqueeze(1) + self.transitions + feats[t].unsqueeze(0)
            alpha[t] = torch.logsumexp(scores, dim=0)
        return torch.logsumexp(alpha[-1], dim=0)

    def neg_log_likelihood(self, feats, tags):
        score = feats[0, tags[0]]
        for i in range(1, len(tags)):
            score = score + self.transitions[tags[i - 1], tags[i]] + feats[i, tags[i]]
        return self._forward_alg(feats) - score


emitter = nn.Linear(5, 4)
crf = CRF(4)
loss = crf.neg_log_likelihood(emitter(torch.randn(6, 5)), torch.tensor([0, 1, 2, 3, 2, 1]))
loss.backward()
