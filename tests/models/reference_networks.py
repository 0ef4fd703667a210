"""The networks in plain PyTorch, with the tensor names of the program."""
from torch import nn
from torch.nn import functional


def normalization(kind, channels, groups=8):
    """None where there is none."""
    return {"batch": nn.BatchNorm2d, "none": lambda n: None,
            "group": lambda n: nn.GroupNorm(groups, n)}[kind](channels)


def lenet(inputs, side, classes, channels, kernel, padding, strides):
    """Convolutions with sigmoid."""
    layers = []
    for stride in strides:
        layers += [nn.Conv2d(inputs, channels, kernel, stride, padding), nn.Sigmoid()]
        inputs, side = channels, (side + 2 * padding - kernel) // stride + 1
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side * side, classes))


def mlp(inputs, side, classes):
    """One hidden layer of 128 units."""
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs * side * side, 128), nn.ReLU(), nn.Linear(128, classes))


def convnet_small(inputs, side, classes):
    """Three blocks with pooling."""
    layers = []
    for width in (32, 64, 64):
        layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.GroupNorm(8, width), nn.ReLU(), nn.MaxPool2d(2)]
        inputs, side = width, side // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs * side * side, classes))


def convnet(inputs, side, classes, width=64, norm="batch"):
    """The ConvNet of the inversion papers: 8 convolutions, two poolings of 3 px."""
    net = nn.Sequential()
    for i, factor in enumerate((1, 2, 2, 4, 4, 4, 4, 4)):
        if i == 6:
            net.add_module("pool0", nn.MaxPool2d(3))
        net.add_module(f"conv{i}", nn.Conv2d(inputs, factor * width, 3, padding=1))
        if norm != "none":
            net.add_module(f"bn{i}", normalization(norm, factor * width))
        net.add_module(f"relu{i}", nn.ReLU())
        inputs = factor * width
    net.add_module("pool1", nn.MaxPool2d(3))
    net.add_module("flatten", nn.Flatten())
    net.add_module("linear", nn.Linear(inputs * (side // 9) ** 2, classes))
    return net


class Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, inputs, channels, stride, norm, projection):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = normalization(norm, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = normalization(norm, channels)
        self.stride, self.missing = stride, channels - inputs
        if projection and (stride != 1 or inputs != channels):
            self.downsample = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False),
                                            normalization(norm, channels))

    def forward(self, x):
        if hasattr(self, "downsample"):
            kept = self.downsample(x)
        else:
            kept = functional.pad(x[:, :, :: self.stride, :: self.stride],
                                  (0, 0, 0, 0, self.missing // 2, self.missing // 2))
        x = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(x)) + kept)


class ResNet(nn.Module):
    """Stages of blocks; each but the first halves the image and doubles the channels."""

    def __init__(self, inputs, classes, width, stages, blocks, norm, projection, large):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 7, 2, 3, bias=False) if large else nn.Conv2d(
            inputs, width, 3, 1, 1, bias=False)
        self.bn1 = normalization(norm, width)
        self.pool = nn.MaxPool2d(3, 2, 1) if large else nn.Identity()
        channels = width
        self.stages = []
        for s in range(stages):
            stage = nn.Sequential(*(
                Block(channels if b == 0 else width << s, width << s, 2 if s > 0 and b == 0 else 1, norm, projection)
                for b in range(blocks)))
            channels = width << s
            self.add_module(f"layer{s + 1}", stage)
            self.stages.append(f"layer{s + 1}")
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.pool(functional.relu(self.bn1(self.conv1(x))))
        for stage in self.stages:
            x = getattr(self, stage)(x)
        return self.fc(x.mean((2, 3)))


def resnet18(inputs, side, classes, width=64, norm="batch", stem="3x3"):
    """torchvision's names; the stem of CIFAR or of ImageNet."""
    return ResNet(inputs, classes, width, 4, 2, norm, True, stem == "7x7")


def resnet20(inputs, side, classes, width=16, norm="batch", shortcut="identity"):
    """The CIFAR layout."""
    return ResNet(inputs, classes, width, 3, 3, norm, shortcut == "projection", False)


class Vgg11(nn.Module):
    """torchvision's names."""

    def __init__(self, inputs, side, classes, width=64, norm="none", hidden=0):
        super().__init__()
        layers = []
        for factor in (1, 0, 2, 0, 4, 4, 0, 8, 8, 0, 8, 8, 0):
            if factor == 0:
                layers.append(nn.MaxPool2d(2))
                side //= 2
                continue
            layers.append(nn.Conv2d(inputs, factor * width, 3, padding=1))
            inputs = factor * width
            if norm != "none":
                layers.append(normalization(norm, inputs))
            layers.append(nn.ReLU())
        self.features = nn.Sequential(*layers)
        features = inputs * side * side
        self.classifier = nn.Linear(features, classes) if hidden == 0 else nn.Sequential(
            nn.Linear(features, hidden), nn.ReLU(), nn.Identity(), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Identity(), nn.Linear(hidden, classes))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


NETWORKS = {
    "lenet-medpfl": lambda *of: lenet(*of, 12, 5, 2, (2, 2, 1, 1)),
    "lenet-dlg": lambda *of: lenet(*of, 12, 5, 2, (2, 2, 1)),
    "lenet-cpl": lambda *of: lenet(*of, 16, 2, 2, (1,) * 6),
    "mlp": mlp,
    "convnet-small": convnet_small,
    "convnet": convnet,
    "resnet18": resnet18,
    "resnet20": resnet20,
    "vgg11": Vgg11,
}


def tensors(net):
    """Names, tensors and kinds in the program's order: parameters, then running means and variances."""
    norms = (nn.BatchNorm2d, nn.GroupNorm)
    of_norm = {f"{name}.weight" for name, module in net.named_modules() if isinstance(module, norms)}
    for name, tensor in net.named_parameters():
        yield name, tensor, "scale" if name in of_norm else "weight"
    for name, tensor in net.named_buffers():
        if not name.endswith("num_batches_tracked"):
            yield name, tensor, "scale" if name.endswith("var") else "weight"
