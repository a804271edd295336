"""The networks in PyTorch, as the field writes them and by the names of the published code: what the
tests and benchmarks compare co2net with."""

import torch
from torch import nn
from torch.nn import functional as F


# Inception-I3D, up to its average pool

def pad_same(x, kernel, stride):
    """As TensorFlow pads: the odd unit at the end."""
    pads = []
    for size, k, s in reversed(list(zip(x.shape[2:], kernel, stride))):
        total = max(k - (size % s or s), 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


class Pool(nn.Module):
    def __init__(self, kernel, stride):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        return F.max_pool3d(pad_same(x, self.kernel, self.stride), self.kernel, self.stride)


class Unit(nn.Module):
    def __init__(self, port, inputs, outputs, kernel=1, stride=1):
        super().__init__()
        self.kernel, self.stride = (kernel,) * 3, (stride,) * 3
        self.conv3d = nn.Conv3d(inputs, outputs, kernel, stride, bias=False)
        self.norm = "bn" if port == "piergiaj" else "batch3d"
        self.add_module(self.norm, nn.BatchNorm3d(outputs, eps=1e-3))

    def forward(self, x):
        x = self.conv3d(pad_same(x, self.kernel, self.stride))
        return F.relu(getattr(self, self.norm)(x))


class Mixed(nn.Module):
    def __init__(self, port, inputs, b0, b1a, b1b, b2a, b2b, b3b):
        super().__init__()
        pool = Pool((3, 3, 3), (1, 1, 1))
        branches = [[Unit(port, inputs, b0)],
                    [Unit(port, inputs, b1a), Unit(port, b1a, b1b, 3)],
                    [Unit(port, inputs, b2a), Unit(port, b2a, b2b, 3)],
                    [pool, Unit(port, inputs, b3b)]]
        self.branches = [nn.Sequential(*branch) for branch in branches]
        for i, branch in enumerate(branches):
            if port == "hassony2":
                self.add_module(f"branch_{i}", self.branches[i] if i else branch[0])
                continue
            for letter, module in zip("ab", branch):
                self.add_module(f"b{i}{letter if i else ''}", module)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


MIXED = {"3b": (192, 64, 96, 128, 16, 32, 32), "3c": (256, 128, 128, 192, 32, 96, 64),
         "4b": (480, 192, 96, 208, 16, 48, 64), "4c": (512, 160, 112, 224, 24, 64, 64),
         "4d": (512, 128, 128, 256, 24, 64, 64), "4e": (512, 112, 144, 288, 32, 64, 64),
         "4f": (528, 256, 160, 320, 32, 128, 128), "5b": (832, 256, 160, 320, 32, 128, 128),
         "5c": (832, 384, 192, 384, 48, 128, 128)}


class I3d(nn.Module):
    """float32 [N, channels, 16, 224, 224] -> [N, 1024]. `port`, whose names: piergiaj or hassony2."""

    def __init__(self, port, channels):
        super().__init__()
        conv, mixed = ("Conv3d", "Mixed") if port == "piergiaj" else ("conv3d", "mixed")
        self.layers = []

        def add(name, module):
            self.layers.append(module)
            self.add_module(name, module)

        add(conv + "_1a_7x7", Unit(port, channels, 64, 7, 2))
        add("pool_2a", Pool((1, 3, 3), (1, 2, 2)))
        add(conv + "_2b_1x1", Unit(port, 64, 64))
        add(conv + "_2c_3x3", Unit(port, 64, 192, 3))
        add("pool_3a", Pool((1, 3, 3), (1, 2, 2)))
        for name, sizes in MIXED.items():
            if name == "4b":
                add("pool_4a", Pool((3, 3, 3), (2, 2, 2)))
            if name == "5b":
                add("pool_5a", Pool((2, 2, 2), (2, 2, 2)))
            add(f"{mixed}_{name}", Mixed(port, *sizes))
        logits = nn.Module()
        logits.conv3d = nn.Conv3d(1024, 400, 1)
        self.add_module("logits" if port == "piergiaj" else "conv3d_0c_1x1", logits)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return F.avg_pool3d(x, (2, 7, 7), 1).flatten(1)


# CO2-Net

def conv(inputs, outputs, kernel):
    return nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)


class Consensus(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.bit_wise_attn = nn.Sequential(conv(d, d, 3), nn.LeakyReLU(0.2), nn.Dropout(0.5))
        self.channel_conv = nn.Sequential(conv(d, d, 3), nn.LeakyReLU(0.2), nn.Dropout(0.5))
        self.attention = nn.Sequential(
            conv(d, d // 2, 3), nn.LeakyReLU(0.2), nn.Dropout(0.5), conv(d // 2, d // 2, 3),
            nn.LeakyReLU(0.2), conv(d // 2, 1, 1), nn.Dropout(0.5), nn.Sigmoid())

    def forward(self, main, aux):
        channels = self.channel_conv(main.mean(2, keepdim=True))
        enhanced = torch.sigmoid(self.bit_wise_attn(aux) * channels) * main
        return self.attention(enhanced), enhanced


class Co2Net(nn.Module):
    """float32 [N, T, size] -> by name: cas [N, T, classes + 1], feat [N, T, size], attn, attn_rgb and
    attn_flow [N, T, 1]. `variant`: thumos14, or activitynet1.2, which averages over 13 snippets."""

    def __init__(self, size, classes, variant="thumos14"):
        super().__init__()
        self.average = nn.AvgPool1d(13, 1, 6) if variant == "activitynet1.2" else nn.Identity()
        self.vAttn, self.fAttn = Consensus(size // 2), Consensus(size // 2)
        self.feat_encoder = nn.Sequential(conv(size, size, 3))  # published, never used
        self.fusion = nn.Sequential(conv(size, size, 1), nn.LeakyReLU(0.2), nn.Dropout(0.7))
        self.classifier = nn.Sequential(nn.Dropout(0.7), conv(size, size, 3), nn.LeakyReLU(0.2),
                                        nn.Dropout(0.7), conv(size, classes + 1, 1))

    def forward(self, features):
        rgb, flow = features.transpose(1, 2).chunk(2, 1)
        attn_rgb, rgb_enhanced = self.vAttn(rgb, flow)
        attn_flow, flow_enhanced = self.fAttn(flow, rgb)
        feat = self.fusion(torch.cat([rgb_enhanced, flow_enhanced], 1))
        averaged = {"cas": self.classifier(feat), "attn": (attn_rgb + attn_flow) / 2,
                    "attn_rgb": attn_rgb, "attn_flow": attn_flow}
        scores = {name: self.average(values) for name, values in averaged.items()}
        return {name: x.transpose(1, 2) for name, x in {**scores, "feat": feat}.items()}
