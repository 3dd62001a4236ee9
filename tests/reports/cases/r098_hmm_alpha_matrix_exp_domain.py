# class: recurrence-buffer
import torch
import torch.nn as nn

torch.manual_seed(0)
S, V = 3, 5
A = nn.Parameter(torch.randn(S, S))
B = nn.Parameter(torch.randn(S, V))


def forward_probs(obs):
    T, E = A.softmax(1), B.softmax(1)
    alpha = torch.zeros(len(obs), S)
    scale = torch.zeros(len(obs))
    alpha[0] = E[:, obs[0]] / S
    scale[0] = alpha[0].sum()
    alpha[0] /= scale[0]
    for t in range(1, len(obs)):
        alpha[t] = (alpha[t - 1] @ T) * E[:, obs[t]]
        scale[t] = alpha[t].sum()
        alpha[t] /= scale[t]
    return scale.log().sum()


ll = forward_probs([0, 3, 4, 1])
(-ll).backward()
