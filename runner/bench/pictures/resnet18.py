"""
Trains a ResNet-18 as torchvision has it (224×224 pictures) on a folder of pictures and exports it by PyTorch's default exporter:
`python resnet18.py PICTURES MODEL.onnx`, where PICTURES has a folder for each class (`render.ts` makes such ones).

Wants torch, onnx, onnxscript, numpy and pillow. It is a net to try things on: trained on ninths of the pictures, and only its
normalisations on whole ones, it takes two minutes of a core.
"""

import argparse
import random
from pathlib import Path

try:  # PyTorch as `npm run bench:peers -- --install` puts it there, without NVIDIA's libraries
    import load_torch  # noqa: F401
except ImportError:
    pass
import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

BATCH = 16
CELL = 74


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        changes = stride != 1 or inputs != outputs
        self.downsample = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)) if changes else None
        )

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """Torchvision's `resnet18`, under its names, behind the normalisation that its users put before it."""

    def __init__(self, classes):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        for stage in range(4):
            outputs = 64 << stage
            inputs = outputs if stage == 0 else outputs // 2
            blocks = Block(inputs, outputs, 1 if stage == 0 else 2), Block(outputs, outputs, 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(512, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = (x - self.mean) / self.std
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def pictures(folder):
    """All pictures of a folder, uint8 [n, 3, height, width], and their classes: the names of the folders, sorted."""
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    files = [(path, label) for label, name in enumerate(names) for path in sorted((folder / name).glob("*.png"))]
    x = np.stack([np.asarray(Image.open(path).convert("RGB")).transpose(2, 0, 1) for path, _ in files])
    return torch.from_numpy(x), torch.tensor([label for _, label in files]), names


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--steps", type=int, default=240, help="batches of 16 ninths of pictures")
    parser.add_argument("--test", type=Path, help="folder of other pictures to count the right answers on")
    options = parser.parse_args()
    random.seed(0)
    torch.manual_seed(0)
    x, y, names = pictures(options.pictures)
    net = ResNet18(len(names))
    steps = options.steps
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=steps)
    right = 0
    for step in range(1, steps + 1):
        batch = torch.randint(len(x), (BATCH,))
        left, top = (CELL * random.randrange(3) for _ in range(2))
        given = x[batch, :, top : top + CELL, left : left + CELL].float() / 255
        if random.random() < 0.5:
            given = given.flip(3)
        scores = net(given)
        loss = F.cross_entropy(scores, y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        right += (scores.argmax(1) == y[batch]).sum().item()
        if step % 20 == 0:
            print(f"step {step} of {steps}: {right / (20 * BATCH):.3f} right, loss {loss.item():.2f}", flush=True)
            right = 0
    # What a normalisation subtracts is not the same over whole pictures, whose edges weigh less.
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    with torch.no_grad():
        for batch in torch.randperm(len(x))[:96].split(BATCH):
            net(x[batch].float() / 255)
    net.eval()
    if options.test is not None:
        x, y, _ = pictures(options.test)
        with torch.no_grad():
            right = sum((net(a.float() / 255).argmax(1) == b).sum().item() for a, b in zip(x.split(20), y.split(20)))
        print(f"{right / len(x):.3f} of {len(x)} other pictures are right", flush=True)
    batch = torch.export.Dim("batch")
    example = torch.rand(2, 3, 224, 224)
    torch.onnx.export(net, (example,), str(options.model), dynamic_shapes=({0: batch},), external_data=False)


if __name__ == "__main__":
    main()
