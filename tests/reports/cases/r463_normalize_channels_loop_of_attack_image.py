# class: multi-view-inplace
import torch
import torch.nn as nn


class Normalize:
    def __init__(self, mean, std):
        self.mean = mean
        self.std = std

    def __call__(self, tensor):
        for t, m, s in zip(tensor, self.mean, self.std):
            t.sub_(m).div_(s)
        return tensor


class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, img):
        for t in self.transforms:
            img = t(img)
        return img


torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2))
image = torch.rand(3, 8, 8, requires_grad=True)
preprocess = Compose([lambda im: im.clamp(0, 1), Normalize([0.5] * 3, [0.25] * 3)])
out = model(preprocess(image).unsqueeze(0))
out[0, 1].backward()
adv = image + 0.01 * image.grad.sign()
