# class: hidden-state-not-detached
import torch
import torch.nn as nn

torch.manual_seed(0)
config = {"vocab": 12, "emb": 5, "hid": 7, "layers": 1, "bptt": 4, "batch": 2}


class LanguageModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.encoder = nn.Embedding(cfg["vocab"], cfg["emb"])
        self.rnn = nn.LSTM(cfg["emb"], cfg["hid"], cfg["layers"])
        self.decoder = nn.Linear(cfg["hid"], cfg["vocab"])

    def init_hidden(self):
        shape = (self.cfg["layers"], self.cfg["batch"], self.cfg["hid"])
        return torch.zeros(*shape), torch.zeros(*shape)

    def forward(self, tokens, hidden):
        out, hidden = self.rnn(self.encoder(tokens), hidden)
        return self.decoder(out), hidden


model = LanguageModel(config)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
data = torch.randint(0, config["vocab"], (17, config["batch"]))
hidden = model.init_hidden()
for i in range(0, 16, config["bptt"]):
    x, y = data[i : i + 4], data[i + 1 : i + 5]
    optimizer.zero_grad()
    logits, hidden = model(x, hidden)
    loss = loss_fn(logits.view(-1, config["vocab"]), y.reshape(-1))
    loss.backward()
    optimizer.step()
