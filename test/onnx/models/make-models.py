# Makes the models in this folder, with their inputs and PyTorch's outputs, by PyTorch 1.13:
#   python3 make-models.py
# NAME.onnx is the model, NAME.json its inputs and outputs, by name: shapes, and values in base64 (float32, little-endian).
import base64
import json
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

here = os.path.dirname(os.path.abspath(__file__))


def bn(channels):
    norm = nn.BatchNorm2d(channels)
    norm.running_mean.uniform_(-0.5, 0.5)
    norm.running_var.uniform_(0.5, 2)
    nn.init.uniform_(norm.weight, 0.5, 1.5)
    nn.init.uniform_(norm.bias, -0.5, 0.5)
    return norm


def conv_bn(i, o, kernel=3, stride=1, groups=1, act=nn.ReLU):
    layers = [nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False), bn(o)]
    return nn.Sequential(*layers, *([act()] if act else []))


class ShuffleUnit(nn.Module):
    """A unit of ShuffleNet V2: split, two branches, concat, shuffle of the channels with sizes that a run computes."""

    def __init__(self):
        super().__init__()
        self.stem = conv_bn(3, 16, 3, 2)
        self.branch = nn.Sequential(conv_bn(8, 8, 1), conv_bn(8, 8, 3, groups=8, act=None), conv_bn(8, 8, 1))

    def forward(self, x):
        a, b = self.stem(x).chunk(2, dim=1)
        y = torch.cat((a, self.branch(b)), 1)
        n, c, h, w = y.size()
        return y.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)


class SqueezeExcite(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = conv_bn(3, 12)
        self.down, self.up = nn.Linear(12, 4), nn.Linear(4, 12)

    def forward(self, x):
        x = self.conv(x)
        s = x.mean((2, 3))
        s = torch.sigmoid(self.up(F.relu(self.down(s))))
        return x * s[:, :, None, None] + x


class MobileV3(nn.Module):
    """A block of MobileNetV3: expand, by channel, squeeze and excite with hard sigmoid, project, and a sum."""

    def __init__(self):
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 2, act=nn.Hardswish)
        self.expand = conv_bn(8, 16, 1, act=nn.Hardswish)
        self.deep = conv_bn(16, 16, 5, groups=16, act=nn.Hardswish)
        self.down, self.up = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
        self.project = conv_bn(16, 8, 1, act=None)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        y = self.deep(self.expand(x))
        y = y * F.hardsigmoid(self.up(F.relu(self.down(F.adaptive_avg_pool2d(y, 1)))))
        x = x + self.project(y)
        return self.head(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Dilated(nn.Module):
    """Dilated convolutions with paddings of one side, and transposed ones with output_padding."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=2, dilation=2)
        self.b = nn.Conv2d(8, 8, 3, stride=2)
        self.c = nn.ConvTranspose2d(8, 6, 3, stride=2, padding=1, output_padding=1)
        self.d = nn.ConvTranspose2d(6, 6, 4, stride=2, padding=1, groups=3)

    def forward(self, x):
        x = F.elu(self.b(F.pad(F.relu(self.a(x)), (0, 1, 0, 1))))
        return torch.tanh(self.d(F.leaky_relu(self.c(x), 0.2)))


class Inception(nn.Module):
    """An inception block of GoogLeNet: LRN, pooling with ceil_mode, four branches, dropout, and a softmax."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 5, 2, 2)
        self.norm = nn.LocalResponseNorm(5, alpha=1e-2, beta=0.75, k=1.0)
        self.b1 = nn.Conv2d(8, 4, 1)
        self.b2 = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 6, 3, padding=1))
        self.b3 = nn.Sequential(nn.Conv2d(8, 2, 1), nn.ReLU(), nn.Conv2d(2, 4, 5, padding=2, groups=2))
        self.b4 = nn.Conv2d(8, 4, 1)
        self.head = nn.Linear(18, 7)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, ceil_mode=True)
        x = self.norm(x)
        pooled = F.max_pool2d(x, 3, 1, 1)
        x = torch.cat([F.relu(self.b1(x)), F.relu(self.b2(x)), F.relu(self.b3(x)), F.relu(self.b4(pooled))], 1)
        x = F.avg_pool2d(x, 3, 2, ceil_mode=True, count_include_pad=False)
        x = F.dropout(x.mean((2, 3)), 0.4, training=self.training)
        return F.softmax(self.head(x), dim=1)


class UNet(nn.Module):
    """Down and up again: bilinear with half pixels, a crop to the size of the other branch, and the first sizes again."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = conv_bn(3, 6), conv_bn(6, 10), conv_bn(16, 4)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        a = self.a(x)
        b = self.b(F.avg_pool2d(a, 2, ceil_mode=True))
        b = F.interpolate(b, scale_factor=2, mode="bilinear", align_corners=False)
        b = b[:, :, : a.shape[2], : a.shape[3]]
        return torch.sigmoid(self.head(self.c(torch.cat([a, b], 1))))


class Aligned(nn.Module):
    """Bilinear with aligned corners to given sizes, as PSPNet pools and resizes."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 3, 1)

    def forward(self, x):
        y = F.relu(self.a(x))
        small = self.b(F.avg_pool2d(y, 4))
        return torch.cat([y, F.interpolate(small, size=y.shape[2:], mode="bilinear", align_corners=True)], 1)


class PixelShuffle(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 8, 5, padding=2), nn.Conv2d(8, 4, 3, padding=1)
        self.prelu, self.one = nn.PReLU(8, 0.3), nn.PReLU()

    def forward(self, x):
        return self.one(F.pixel_shuffle(self.b(self.prelu(self.a(x))), 2))


class Gemms(nn.Module):
    """Products with and without a transposed matrix, of matrices and of longer arrays, and arithmetic with numbers."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(12, 10), nn.Linear(10, 6, bias=False)
        self.w = nn.Parameter(torch.randn(6, 4))
        self.c = nn.Linear(4, 3)

    def forward(self, x):
        y = torch.clamp(self.b(F.silu(self.a(x.flatten(1)))), -1, 1)
        z = torch.addmm(torch.ones(4), y, self.w) / 3 - 0.25
        seq = self.c(z.view(-1, 1, 4).repeat(1, 2, 1))
        return F.log_softmax(seq, dim=-1), (1 - z) ** 2


class Line(nn.Module):
    """A convolution of one axis, for signals."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv1d(2, 6, 5, stride=2, padding=2), nn.Conv1d(6, 6, 3, dilation=2, groups=2)
        self.norm = nn.BatchNorm1d(6)
        self.norm.running_mean.uniform_(-0.5, 0.5)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.norm(self.a(x))), 2)
        x = F.avg_pool1d(F.softplus(self.b(x)), 3, 2, 1)
        return self.head(F.adaptive_max_pool1d(x, 1).flatten(1))


class Focus(nn.Module):
    """YOLOv5's focus, its spatial pyramid of poolings, and heads that are permuted."""

    def __init__(self):
        super().__init__()
        self.a, self.b = conv_bn(12, 8, act=nn.SiLU), nn.Conv2d(32, 2 * 5, 1)

    def forward(self, x):
        x = torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)
        x = self.a(x)
        p = [F.max_pool2d(x, k, 1, k // 2) for k in (3, 5, 7)]
        y = self.b(torch.cat([x, *p], 1))
        n, _, h, w = y.shape
        return y.view(n, 2, 5, h, w).permute(0, 1, 3, 4, 2).contiguous()


class Attention(nn.Module):
    """CBAM: attention by channel, from averages and maxima, and by place, from those over the channels."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.mlp = nn.Sequential(nn.Conv2d(8, 2, 1), nn.ReLU(), nn.Conv2d(2, 8, 1))
        self.place = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x):
        x = F.hardswish(self.a(x))
        x = x * torch.sigmoid(self.mlp(F.adaptive_avg_pool2d(x, 1)) + self.mlp(F.adaptive_max_pool2d(x, 1)))
        both = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)
        return x * torch.sigmoid(self.place(both))


# Name, module, inputs, and the opset.
models = [
    ("shuffle_unit_11", ShuffleUnit(), (2, 3, 14, 14), 11),
    ("squeeze_excite_13", SqueezeExcite(), (2, 3, 8, 9), 13),
    ("mobile_v3_14", MobileV3(), (1, 3, 16, 16), 14),
    ("mobile_v3_11", MobileV3(), (1, 3, 16, 16), 11),
    ("dilated_11", Dilated(), (1, 3, 11, 12), 11),
    ("inception_9", Inception(), (2, 3, 20, 20), 9),
    ("unet_13", UNet(), (1, 3, 13, 15), 13),
    ("aligned_17", Aligned(), (1, 3, 12, 16), 17),
    ("pixel_shuffle_9", PixelShuffle(), (1, 1, 7, 6), 9),
    ("pixel_shuffle_13", PixelShuffle(), (1, 1, 7, 6), 13),
    ("gemms_17", Gemms(), (3, 3, 2, 2), 17),
    ("line_13", Line(), (2, 2, 33), 13),
    ("focus_12", Focus(), (1, 3, 16, 20), 12),
    ("attention_16", Attention(), (2, 3, 7, 6), 16),
]


def array(tensor):
    values = tensor.detach().contiguous().numpy().astype("<f4")
    return {"shape": list(tensor.shape), "data": base64.b64encode(values.tobytes()).decode()}


for name, module, shape, opset in models:
    if len(sys.argv) > 1 and name not in sys.argv[1:]:
        continue
    torch.manual_seed(len(name))
    module.eval()
    x = torch.randn(shape)
    with torch.no_grad():
        y = module(x)
    outputs = y if isinstance(y, tuple) else (y,)
    names = [f"y{i}" for i in range(len(outputs))]
    torch.onnx.export(
        module,
        x,
        os.path.join(here, f"{name}.onnx"),
        opset_version=opset,
        input_names=["x"],
        output_names=names,
        dynamic_axes={"x": {0: "batch"}} if name.startswith(("shuffle", "squeeze", "focus")) else None,
    )
    with open(os.path.join(here, f"{name}.json"), "w") as file:
        json.dump({"inputs": {"x": array(x)}, "outputs": dict(zip(names, map(array, outputs)))}, file)
        file.write("\n")
