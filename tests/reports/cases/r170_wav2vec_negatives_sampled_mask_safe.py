# class: safe-mask-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


class Wav2Vec(nn.Module):
    def __init__(self, d=6, mask_prob=0.5):
        super().__init__()
        self.feat, self.ctx, self.proj = nn.Conv1d(1, d, 3, 2), nn.GRU(d, d, batch_first=True), nn.Linear(d, d)
        self.mask_emb = nn.Parameter(torch.empty(d).uniform_())
        self.mask_prob = mask_prob

    def forward(self, wav):
        z = F.gelu(self.feat(wav.unsqueeze(1))).transpose(1, 2)
        targets = z.detach().clone()
        m = torch.rand(z.shape[:2]) < self.mask_prob
        m[:, 0] = True
        x = z.clone()
        x[m] = self.mask_emb
        c, _ = self.ctx(x)
        sim = F.cosine_similarity(self.proj(c).unsqueeze(2), targets.unsqueeze(1), dim=-1)
        sim /= 0.1
        lab = torch.arange(z.size(1)).expand(z.size(0), -1)
        return F.cross_entropy(sim[m], lab[m])


torch.manual_seed(0)
net = Wav2Vec()
net(torch.randn(2, 15)).backward()
