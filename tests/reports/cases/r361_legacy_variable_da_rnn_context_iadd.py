# class: saved-input-inplace
import torch
import torch.nn as nn
from torch.autograd import Variable


class InputAttention(nn.Module):
    def __init__(self, n=3, hidden=4, T=4):
        super(InputAttention, self).__init__()
        self.T, self.n, self.hidden = T, n, hidden
        self.lstm = nn.LSTMCell(n, hidden)
        self.attn = nn.Linear(2 * hidden + T, 1)

    def forward(self, X):
        B = X.size(0)
        weighted = Variable(X.data.new(B, self.T, self.n).zero_())
        h = Variable(X.data.new(B, self.hidden).zero_())
        c = Variable(X.data.new(B, self.hidden).zero_())
        for t in range(self.T):
            x = torch.cat((h.unsqueeze(1).repeat(1, self.n, 1), c.unsqueeze(1).repeat(1, self.n, 1), X.permute(0, 2, 1)), dim=2)
            alpha = torch.softmax(self.attn(x.view(-1, self.hidden * 2 + self.T)).view(-1, self.n), dim=1)
            weighted[:, t, :] = torch.mul(alpha, X[:, t, :])
            h, c = self.lstm(weighted[:, t, :], (h, c))
        return weighted, h


torch.manual_seed(0)
enc = InputAttention()
w, h = enc(torch.randn(2, 4, 3))
(w.sum() + h.sum()).backward()
