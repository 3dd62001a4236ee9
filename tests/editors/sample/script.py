import torch


def main() -> None:
    w = torch.randn(4, requires_grad=True)
    for step in range(3):
        loss = (w * w).sum()
        loss.backward()
        print("step", step)


if __name__ == "__main__":
    main()
