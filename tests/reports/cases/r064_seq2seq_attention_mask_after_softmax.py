# class: attention-weights-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


class BahdanauAttention(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.Wa = nn.Linear(hidden_size, hidden_size)
        self.Ua = nn.Linear(hidden_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)

    def forward(self, query, keys, pad_mask=None):
        scores = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys)))
        scores = scores.squeeze(2).unsqueeze(1)
        weights = F.softmax(scores, dim=-1)
        if pad_mask is not None:
            weights[pad_mask.unsqueeze(1)] = 0
        context = torch.bmm(weights, keys)
        return context, weights


class Decoder(nn.Module):
    def __init__(self, hidden, vocab):
        super().__init__()
        self.embedding = nn.Embedding(vocab, hidden)
        self.attention = BahdanauAttention(hidden)
        self.gru = nn.GRU(2 * hidden, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocab)

    def forward(self, enc, target, mask):
        h = enc[:, -1].unsqueeze(0).contiguous()
        logits = []
        for t in range(target.size(1)):
            ctx, _ = self.attention(h.permute(1, 0, 2), enc, mask)
            o, h = self.gru(torch.cat((self.embedding(target[:, t : t + 1]), ctx), dim=2), h)
            logits.append(self.out(o))
        return torch.cat(logits, dim=1)


torch.manual_seed(0)
dec = Decoder(6, 9)
enc_out = torch.randn(2, 4, 6)
target = torch.randint(0, 9, (2, 3))
mask = torch.tensor([[False, False, False, True], [False, False, True, True]])
loss = nn.CrossEntropyLoss()(dec(enc_out, target, mask).flatten(0, 1), target.flatten())
loss.backward()
