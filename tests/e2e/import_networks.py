"""Networks by the names of the published PyTorch code, for the tests of 'co2net import'.

    import_networks.py i3d PORT CHANNELS FORMAT DIR
        writes DIR/i3d.pt (random weights), DIR/clip.npy and DIR/features.npy, what they give
    import_networks.py save VARIANT FORMAT DIR
        writes DIR/co2net.pkl (random weights) and DIR/features.npy
    import_networks.py score VARIANT CHECKPOINT FEATURES.npy SCORES.npz
        exits with 1 unless SCORES are what the checkpoint's network gives

PORT is piergiaj or hassony2; VARIANT thumos14 or activitynet1.2; FORMAT zip, legacy, safetensors, wrapped:
the legacy one, inside of {"state_dict": ...} and with DataParallel's "module." before the names; or compiled:
the zip one, inside of {"model": ...} beside the script's arguments, of DataParallel around torch.compile.
"""
import argparse
import enum
import os
import sys

import numpy
import torch
from torch import nn

sys.path.append(os.path.join(os.path.dirname(__file__), "../python"))
import safetensors_files  # noqa: E402
from networks import Co2Net, I3d  # noqa: E402

CLASSES, FEATURES = 3, 32


def save(network, form, path):
    state = network.state_dict()
    if form == "safetensors":
        safetensors_files.write(path, {name: tensor.numpy() for name, tensor in state.items()})
        return
    if form == "wrapped":
        state = {"epoch": 7, "state_dict": {"module." + k: v for k, v in state.items()}}
    if form == "compiled":
        state = {"model": {"module._orig_mod." + k: v for k, v in state.items()},
                 "args": argparse.Namespace(lr=1e-4, layers=Layers.MANY)}
    torch.save(state, path, _use_new_zipfile_serialization=form in ("zip", "compiled"))


class Layers(enum.Enum):
    MANY = 1


def parameters_in(path):
    with open(path, "rb") as file:
        is_safetensors = file.read(9).endswith(b"{")
    if is_safetensors:
        arrays = safetensors_files.read(path)
        return {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    state = torch.load(path, weights_only=False)
    state = state.get("state_dict", state.get("model", state))
    return {k.replace("module.", "").replace("_orig_mod.", ""): v for k, v in state.items()}


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


def save_co2net(variant, form, folder):
    save(Co2Net(FEATURES, CLASSES, variant), form, folder + "/co2net.pkl")
    numpy.save(folder + "/features.npy", torch.rand(40, FEATURES).numpy())


@torch.no_grad()
def check_scores(variant, checkpoint, features, scores):
    network = Co2Net(FEATURES, CLASSES, variant).eval()
    network.load_state_dict(parameters_in(checkpoint), strict=True)
    given = numpy.load(scores)
    want = network(torch.from_numpy(numpy.load(features))[None])
    for name in "cas", "attn", "attn_rgb", "attn_flow":
        numpy.testing.assert_allclose(
            given[name].reshape(want[name][0].shape), want[name][0], rtol=1e-5, atol=1e-6)


torch.manual_seed(1)
{"i3d": make_i3d, "save": save_co2net, "score": check_scores}[sys.argv[1]](*sys.argv[2:])
