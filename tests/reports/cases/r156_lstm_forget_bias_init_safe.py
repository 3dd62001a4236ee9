# class: safe-init
import torch
import torch.nn as nn


class BiLSTM(nn.Module):
    def __init__(self, vocab, emb, hid, tags):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.lstm = nn.LSTM(emb, hid, num_layers=2, bidirectional=True, batch_first=True, dropout=0.1)
        self.fc = nn.Linear(2 * hid, tags)
        self.init_weights()

    def init_weights(self):
        for name, p in self.lstm.named_parameters():
            if "weight_ih" in name:
                nn.init.xavier_uniform_(p.data)
            elif "weight_hh" in name:
                nn.init.orthogonal_(p.data)
            elif "bias" in name:
                p.data.fill_(0)
                n = p.size(0)
                p.data[n // 4 : n // 2].fill_(1)
        self.emb.weight.data.uniform_(-0.1, 0.1)
        with torch.no_grad():
            self.emb.weight[0] = 0

    def forward(self, x):
        h, _ = self.lstm(self.emb(x))
        return self.fc(h)


torch.manual_seed(0)
model = BiLSTM(10, 4, 3, 5)
opt = torch.optim.Adagrad(model.parameters(), lr=0.05)
for _ in range(2):
    x, y = torch.randint(0, 10, (2, 6)), torch.randint(0, 5, (2, 6))
    loss = nn.functional.cross_entropy(model(x).transpose(1, 2), y, ignore_index=0)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5)
    opt.step()
