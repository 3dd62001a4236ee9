"""Written three times, the rows need one cure: out of place, the first write makes tensors that may be written."""

import torch

x = torch.randn(2, 3, requires_grad=True)
h = x * 2
for row in h.unbind(0):
    row.clamp_(min=0)  # 1 [multi-output-view-modified] mend: row = row.clamp(min=0)
    row.sub_(1)
    row.div_(2)
s = h.softmax(1)
s[0] = 0.0  # 2 [saved-tensor-modified] mend: s = s * 1
s.sum().backward()
