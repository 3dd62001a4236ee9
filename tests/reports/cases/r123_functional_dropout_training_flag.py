# class: dropout-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


class GCNII(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout=0.5):
        super(GCNII, self).__init__()
        self.fcs = nn.ModuleList([nn.Linear(nfeat, nhid), nn.Linear(nhid, nclass)])
        self.dropout = dropout

    def forward(self, x, adj):
        x = F.dropout(x, self.dropout, training=self.training)
        h = F.relu(self.fcs[0](x))
        F.dropout(h, self.dropout, self.training, inplace=True)
        h = adj @ h
        return F.log_softmax(self.fcs[1](h), dim=1)


torch.manual_seed(42)
adj = torch.eye(6) + torch.rand(6, 6).round()
adj /= adj.sum(1, keepdim=True)
features, labels = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
model = GCNII(4, 8, 3)
idx_train = torch.tensor([0, 1, 2])
model.train()
output = model(features, adj)
loss_train = F.nll_loss(output[idx_train], labels[idx_train])
loss_train.backward()
model.eval()
with torch.no_grad():
    F.dropout(model(features, adj), 0.5, True, inplace=True)
