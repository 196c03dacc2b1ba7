"""Your own torch module and data: convert without training, compile, simulate, verify."""

import torch
from torch import nn

import snnc


def trained(x: torch.Tensor, y: torch.Tensor, epochs: int) -> nn.Module:
    """Any module of convolutions, batch norms, ReLUs, average pools, linear layers and additions."""
    module = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(x[batch]), y[batch]).backward()
            optimiser.step()
    return module.eval()


def main(epochs: int = 8, steps: int = 32, samples: int = 360) -> None:
    torch.manual_seed(1)
    train, test = (
        snnc.dataset("digits", "train"),
        snnc.dataset("digits", "test", samples),
    )  # or your own arrays
    images = train.x.reshape(-1, 1, 8, 8)  # uint8, here 0..16
    module = trained(torch.from_numpy(images) / 16, torch.from_numpy(train.y), epochs)
    logits = module(torch.from_numpy(test.x).reshape(-1, 1, 8, 8) / 16)
    model = snnc.convert(module, images, steps, weight_bits=4, state_bits=16, max_payload=16)
    program = snnc.compile(model, target="fpga")
    report = snnc.simulate(program, test.x, test.y, tier="functional")
    print(f"float accuracy {(logits.argmax(1).numpy() == test.y).mean():.2%}")
    print(f"spiking accuracy {report.accuracy:.2%} at {steps} steps")


if __name__ == "__main__":
    main()
