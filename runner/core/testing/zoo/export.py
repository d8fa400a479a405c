"""Makes NAME.safetensors for each architecture of the zoo: x [images, height, width, channels], cotangent [classes], logits [images,
classes] and gradient (of the logits weighted by the cotangent and summed, with respect to x, of x's shape), as PyTorch computes
them in float64.

    npm run bench:peers -- --install     # once: PyTorch, safetensors and RobustBench; says where PACKAGES are
    PYTHONPATH=runner/bench/peers/python:PACKAGES python3 runner/core/testing/zoo/export.py [NAME…]

Weights are not stored: both sides compute them from their names (`weight_of` here, formula.ts there). ResNet-18, PreActResNet-18 and
WRN-28-10 are RobustBench's own classes; the others are written here after the sources that runner/core/models names.
"""

import importlib.util
import math
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
from load_torch import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

CLASSES = 10
HERE = Path(__file__).parent


def robustbench(module):
    """A module of RobustBench's architectures by itself: the package wants torchvision, these do not."""
    package = importlib.util.find_spec("robustbench").submodule_search_locations[0]
    path = Path(package) / "model_zoo" / "architectures" / f"{module}.py"
    spec = importlib.util.spec_from_file_location(module, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Mlp(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.count = len(units) - 1
        for i in range(self.count):
            setattr(self, f"fc{i + 1}", nn.Linear(units[i], units[i + 1]))

    def forward(self, x):
        x = x.flatten(1)
        for i in range(1, self.count):
            x = F.relu(getattr(self, f"fc{i}")(x))
        return getattr(self, f"fc{self.count}")(x)


class SoftmaxRegression(nn.Module):
    def __init__(self, pixels):
        super().__init__()
        self.fc = nn.Linear(pixels, CLASSES)

    def forward(self, x):
        return self.fc(x.flatten(1))


class Maxout(nn.Module):
    def __init__(self, units=240, pieces=5):
        super().__init__()
        self.units, self.pieces = units, pieces
        self.fc1, self.fc2 = nn.Linear(784, units * pieces), nn.Linear(units, units * pieces)
        self.fc3 = nn.Linear(units, CLASSES)

    def forward(self, x):
        x = x.flatten(1)
        for layer in (self.fc1, self.fc2):
            x = layer(x).view(-1, self.units, self.pieces).amax(2)
        return self.fc3(x)


class Rbf(nn.Module):
    def __init__(self):
        super().__init__()
        self.centers = nn.Parameter(torch.zeros(CLASSES, 784))
        self.precisions = nn.Parameter(torch.zeros(CLASSES, 784))

    def forward(self, x):
        return -(self.precisions * (x.flatten(1)[:, None] - self.centers) ** 2).sum(2)


class Madry(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 5, padding=2), nn.Conv2d(32, 64, 5, padding=2)
        self.fc1, self.fc2 = nn.Linear(7 * 7 * 64, 1024), nn.Linear(1024, CLASSES)

    def forward(self, x):
        for layer in (self.conv1, self.conv2):
            x = F.max_pool2d(F.relu(layer(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class SmallCnn(nn.Module):
    def __init__(self):
        super().__init__()
        convolutions, inputs = OrderedDict(), 1
        for i, outputs in enumerate((32, 32, 64, 64), 1):
            convolutions[f"conv{i}"], convolutions[f"relu{i}"] = nn.Conv2d(inputs, outputs, 3), nn.ReLU()
            if i % 2 == 0:
                convolutions[f"maxpool{i // 2}"] = nn.MaxPool2d(2)
            inputs = outputs
        self.feature_extractor = nn.Sequential(convolutions)
        self.classifier = nn.Sequential(
            OrderedDict(
                fc1=nn.Linear(1024, 200),
                relu1=nn.ReLU(),
                drop=nn.Dropout(0.5),
                fc2=nn.Linear(200, 200),
                relu2=nn.ReLU(),
                fc3=nn.Linear(200, CLASSES),
            )
        )

    def forward(self, x):
        return self.classifier(self.feature_extractor(x).flatten(1))


class Gowal(nn.Module):
    """The small or the medium net of IBP: convolutions (filters, kernel, stride) without padding, then hidden units."""

    SMALL = ((16, 4, 2), (32, 4, 1)), (100,)
    MEDIUM = ((32, 3, 1), (32, 4, 2), (64, 3, 1), (64, 4, 2)), (512, 512)

    def __init__(self, channels, side, convolutions, hidden):
        super().__init__()
        self.convolutions, self.connections = len(convolutions), len(hidden)
        for i, (filters, kernel, stride) in enumerate(convolutions, 1):
            setattr(self, f"conv{i}", nn.Conv2d(channels, filters, kernel, stride))
            channels, side = filters, (side - kernel) // stride + 1
        units = [channels * side * side, *hidden, CLASSES]
        for i, (inputs, outputs) in enumerate(zip(units, units[1:]), 1):
            setattr(self, f"fc{i}", nn.Linear(inputs, outputs))

    def forward(self, x):
        for i in range(1, self.convolutions + 1):
            x = F.relu(getattr(self, f"conv{i}")(x))
        x = x.flatten(1)
        for i in range(1, self.connections + 1):
            x = F.relu(getattr(self, f"fc{i}")(x))
        return getattr(self, f"fc{self.connections + 1}")(x)


class Vgg16(nn.Module):
    def __init__(self):
        super().__init__()
        layers, inputs = [], 3
        for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            for _ in range(count):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
                inputs = width
            layers.append(nn.MaxPool2d(2))
        self.features, self.classifier = nn.Sequential(*layers), nn.Linear(512, CLASSES)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))


class TransformerBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width, eps=1e-6), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(
            OrderedDict(fc1=nn.Linear(width, 4 * width), act=nn.GELU(), fc2=nn.Linear(4 * width, width))
        )

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbedding(nn.Module):
    def __init__(self, width, patch):
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    def __init__(self, width=192, depth=12, heads=3, patch=4):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, (32 // patch) ** 2 + 1, width))
        self.patch_embed = PatchEmbedding(width, patch)
        self.blocks = nn.Sequential(*[TransformerBlock(width, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.patch_embed(x)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


def nets():
    """Name → how it is made, the shape of an image, and how many images."""
    mnist, cifar = (1, 28, 28), (3, 32, 32)
    resnet, wide = robustbench("resnet"), robustbench("wide_resnet")

    def preact(**options):
        return resnet.PreActResNet(resnet.PreActBlock, [2, 2, 2, 2], out_shortcut=True, **options)

    return {
        "softmax-regression-mnist": (lambda: SoftmaxRegression(784), mnist, 2),
        "softmax-regression-cifar10": (lambda: SoftmaxRegression(3072), cifar, 2),
        "mlp-mnist": (lambda: Mlp([784, 1200, 1200, CLASSES]), mnist, 2),
        "maxout-mnist": (Maxout, mnist, 2),
        "rbf-mnist": (Rbf, mnist, 2),
        "madry-mnist": (Madry, mnist, 2),
        "small-cnn-mnist": (SmallCnn, mnist, 2),
        "gowal-small-mnist": (lambda: Gowal(1, 28, *Gowal.SMALL), mnist, 2),
        "gowal-small-cifar10": (lambda: Gowal(3, 32, *Gowal.SMALL), cifar, 2),
        "gowal-medium-mnist": (lambda: Gowal(1, 28, *Gowal.MEDIUM), mnist, 2),
        "gowal-medium-cifar10": (lambda: Gowal(3, 32, *Gowal.MEDIUM), cifar, 2),
        "resnet-18-cifar10": (resnet.ResNet18, cifar, 2),
        "preact-resnet-18-cifar10": (preact, cifar, 2),
        "preact-resnet-18-bn-cifar10": (lambda: preact(bn_before_fc=True), cifar, 2),
        "wrn-28-10-cifar10": (wide.WideResNet, cifar, 1),
        "vgg-16-cifar10": (Vgg16, cifar, 2),
        "vit-tiny-cifar10": (VisionTransformer, cifar, 2),
    }


def uniform(key, count):
    """Numbers in [−1, 1) that differ from key to key: the index, times an odd number, mixed. Whole numbers of 32 bits throughout."""
    seed = np.uint32(2166136261)
    with np.errstate(over="ignore"):
        for character in key:
            seed = (seed ^ np.uint32(ord(character))) * np.uint32(16777619)
        h = (np.arange(count, dtype=np.uint32) + seed) * np.uint32(0x9E3779B1)
        for shift, factor in ((15, 0x85EBCA77), (13, 0xC2B2AE3D)):
            h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
        h ^= h >> np.uint32(16)
    return h.astype(np.float64) / 2**31 - 1


def weight_of(name, shape):
    """A weight: around 1 for factors and variances, small for what is added, by the fan for what is multiplied."""
    u = uniform(name, math.prod(shape))
    last = name.rsplit(".", 1)[-1]
    if last in ("centers", "precisions"):
        values = (u + 1) / 2 if last == "centers" else (u + 1) / 64
    elif last == "running_var" or (last == "weight" and len(shape) == 1):
        values = 1 + u / 2
    elif len(shape) == 1 or last in ("cls_token", "pos_embed"):
        values = u / 8
    else:
        values = u * math.sqrt(3 / math.prod(shape[1:]))
    return values.astype(np.float32).reshape(shape)


def gradient(net, x, cotangent):
    x = x.clone().requires_grad_(True)
    logits = net(x)
    (logits @ cotangent).sum().backward()
    return logits.detach(), x.grad


def images_off_kinks(net, shape, images, cotangent):
    """Images where rounding turns no ReLU on or off, which would move the gradient by a percent: it stands when all pixels move a little."""
    draws = (f"x{i}" for i in range(1000))
    for key in draws:
        x = torch.from_numpy((uniform(key, images * math.prod(shape)) + 1) / 2).view(images, *shape).float().double()
        _, there = gradient(net, x, cotangent)
        moves = (torch.from_numpy(uniform(f"{key} moved {i}", x.numel())).view(x.shape) * 3e-6 for i in range(3))
        if all((gradient(net, x + move, cotangent)[1] - there).norm() < 1e-4 * there.norm() for move in moves):
            return key, x
    raise RuntimeError("no images off the kinks")


def export(name, make, shape, images):
    net = make().eval()
    state = net.state_dict()
    for key, tensor in state.items():
        if not key.endswith("num_batches_tracked"):
            state[key] = torch.from_numpy(weight_of(key, tuple(tensor.shape)))
    net.load_state_dict(state)
    net.double()
    cotangent = torch.from_numpy(uniform("cotangent", CLASSES).astype(np.float32)).double()
    key, x = images_off_kinks(net, shape, images, cotangent)
    logits, slope = gradient(net, x, cotangent)
    channels_last = lambda maps: np.ascontiguousarray(maps.permute(0, 2, 3, 1).float().numpy())
    save_file(
        {
            "x": channels_last(x),
            "cotangent": cotangent.float().numpy(),
            "logits": logits.float().numpy(),
            "gradient": channels_last(slope),
        },
        str(HERE / f"{name}.safetensors"),
    )
    learned = sum(parameter.numel() for parameter in net.parameters())
    print(f"{name}: {learned:,} parameters, {key}, |logits| ≤ {logits.abs().max().item():.3g}, "
          f"gradient {slope.norm().item():.3g}", flush=True)  # fmt: skip


def main():
    for name, (make, shape, images) in nets().items():
        if not sys.argv[1:] or name in sys.argv[1:]:
            export(name, make, shape, images)


if __name__ == "__main__":
    main()
