# class: safe-data-prep
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
MASK, PAD, VOCAB = 1, 0, 30


def mask_tokens(inputs, p=0.3):
    labels = inputs.clone()
    prob = torch.full(labels.shape, p)
    prob.masked_fill_(labels.eq(PAD), value=0.0)
    masked = torch.bernoulli(prob).bool()
    labels[~masked] = -100
    replaced = torch.bernoulli(torch.full(labels.shape, 0.8)).bool() & masked
    inputs[replaced] = MASK
    rand = torch.bernoulli(torch.full(labels.shape, 0.5)).bool() & masked & ~replaced
    inputs[rand] = torch.randint(VOCAB, labels.shape)[rand]
    return inputs, labels


class Bert(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.tok, self.pos = nn.Embedding(VOCAB, d, padding_idx=PAD), nn.Embedding(6, d)
        layer = nn.TransformerEncoderLayer(d, 2, 16, dropout=0.0, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(d, VOCAB)
        self.head.weight = self.tok.weight

    def forward(self, ids):
        x = self.tok(ids) + self.pos(torch.arange(ids.size(1)))
        x = self.enc(x, src_key_padding_mask=ids == PAD)
        return self.head(x)


model = Bert()
opt = torch.optim.AdamW(model.parameters())
for _ in range(2):
    ids, labels = mask_tokens(torch.randint(2, VOCAB, (2, 6)))
    loss = F.cross_entropy(model(ids).flatten(0, 1), labels.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
