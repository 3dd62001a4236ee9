# class: saved-input-inplace
import torch
import torch.nn as nn


class MaskNet(nn.Module):
    def __init__(self, n_fft=16):
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft))
        self.conv = nn.Conv1d(n_fft // 2 + 1, n_fft // 2 + 1, 1)
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, wav):
        spec = torch.stft(wav * self.gain, self.n_fft, window=self.window, return_complex=True)
        mag = spec.abs()
        mask = torch.sigmoid(self.conv(mag))
        mask[:, 0] = 0
        return (mag * mask), mag


torch.manual_seed(0)
net = MaskNet()
est, mag = net(torch.randn(2, 64))
(est - mag.detach() * 0.5).abs().mean().backward()
