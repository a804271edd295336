"""Networks by the names of the published PyTorch code, for the tests of 'co2net import'.

    import_networks.py i3d PORT CHANNELS FORMAT DIR
        writes DIR/i3d.pt (random weights), DIR/clip.npy and DIR/features.npy, what they give
    import_networks.py save VARIANT FORMAT DIR
        writes DIR/co2net.pkl (random weights) and DIR/features.npy
    import_networks.py score VARIANT CHECKPOINT FEATURES.npy SCORES.npz
        exits with 1 unless SCORES are what the checkpoint's network gives

PORT is piergiaj or hassony2; VARIANT thumos14 or activitynet1.2; FORMAT zip, legacy, or wrapped:
the legacy one, inside of {"state_dict": ...} and with DataParallel's "module." before the names.
"""
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional as F

CLASSES, FEATURES = 3, 32


def save(network, form, path):
    state = network.state_dict()
    if form == "wrapped":
        state = {"epoch": 7, "state_dict": {"module." + k: v for k, v in state.items()}}
    torch.save(state, path, _use_new_zipfile_serialization=form == "zip")


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


def randomise(network):
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        if isinstance(module, nn.BatchNorm3d):
            for values in (module.weight.data, module.running_var):
                values.uniform_(0.5, 1.5)
            # Some as small as eps, which then shows; their weights keep the outputs in bounds.
            module.running_var[::7] = 1e-3
            module.weight.data[::7] = 0.04
            module.bias.data.uniform_(-0.1, 0.1)
            module.running_mean.uniform_(-0.1, 0.1)


@torch.no_grad()
def make_i3d(port, channels, form, folder):
    network = I3d(port, int(channels)).eval()
    randomise(network)
    clip = torch.rand(1, int(channels), 16, 224, 224) * 2 - 1
    save(network, form, folder + "/i3d.pt")
    numpy.save(folder + "/clip.npy", clip.numpy())
    numpy.save(folder + "/features.npy", network(clip).numpy())


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
    def __init__(self, variant):
        super().__init__()
        self.average = nn.AvgPool1d(13, 1, 6) if variant == "activitynet1.2" else nn.Identity()
        self.vAttn, self.fAttn = Consensus(FEATURES // 2), Consensus(FEATURES // 2)
        self.feat_encoder = nn.Sequential(conv(FEATURES, FEATURES, 3))
        self.fusion = nn.Sequential(conv(FEATURES, FEATURES, 1), nn.LeakyReLU(0.2), nn.Dropout(0.7))
        self.classifier = nn.Sequential(nn.Dropout(0.7), conv(FEATURES, FEATURES, 3),
                                        nn.LeakyReLU(0.2), nn.Dropout(0.7),
                                        conv(FEATURES, CLASSES + 1, 1))

    def forward(self, features):
        rgb, flow = features.T[None].chunk(2, 1)
        attn_rgb, rgb_enhanced = self.vAttn(rgb, flow)
        attn_flow, flow_enhanced = self.fAttn(flow, rgb)
        cas = self.classifier(self.fusion(torch.cat([rgb_enhanced, flow_enhanced], 1)))
        scores = {"cas": cas, "attn": (attn_rgb + attn_flow) / 2, "attn_rgb": attn_rgb,
                  "attn_flow": attn_flow}
        scores = {name: self.average(values)[0].T for name, values in scores.items()}
        return {name: v if name == "cas" else v[:, 0] for name, v in scores.items()}


def save_co2net(variant, form, folder):
    save(Co2Net(variant), form, folder + "/co2net.pkl")
    numpy.save(folder + "/features.npy", torch.rand(40, FEATURES).numpy())


@torch.no_grad()
def check_scores(variant, checkpoint, features, scores):
    network = Co2Net(variant).eval()
    state = torch.load(checkpoint)
    if "state_dict" in state:
        state = {k[len("module."):]: v for k, v in state["state_dict"].items()}
    network.load_state_dict(state, strict=True)
    given = numpy.load(scores)
    for name, want in network(torch.from_numpy(numpy.load(features))).items():
        numpy.testing.assert_allclose(given[name], want.numpy(), rtol=1e-5, atol=1e-6)


torch.manual_seed(1)
{"i3d": make_i3d, "save": save_co2net, "score": check_scores}[sys.argv[1]](*sys.argv[2:])
