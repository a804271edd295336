"""From a video to CO2-Net's scores as it is done in Python: ffmpeg decodes, OpenCV's
DualTVL1OpticalFlow, I3D and CO2-Net in PyTorch's eager mode, one stage after the other. What
end_to_end.sh times co2net against.

    end_to_end.py VIDEO BUNDLE FEATURES.npy
        writes the features; prints the frames and the seconds of each stage as JSON
    end_to_end.py compare FEATURES.npy OTHERS.npy
        prints how far apart they are
"""
import json
import os
import subprocess
import sys
import time

import numpy

FPS, WINDOW, WIDTH, HEIGHT, CROP, BOUND = 25, 16, 340, 256, 224, 20


def compare(a, b):
    a, b = numpy.load(a), numpy.load(b)
    difference = numpy.abs(a - b)
    print(f"features of {a.shape} and {b.shape}: largest difference {difference.max():.2g}, "
          f"mean {difference.mean():.2g}, of a scale of {a.std():.2g}")


def extract(video, bundle, features_file):
    import cv2
    import torch

    sys.path.append(os.path.join(os.path.dirname(__file__), "../python"))
    from networks import Co2Net, I3d

    torch.set_num_threads(os.cpu_count())
    seconds = {}
    start = time.perf_counter()

    def stage_ends(name):
        nonlocal start
        seconds[name] = time.perf_counter() - start
        start = time.perf_counter()

    def decoded():
        probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
                 "stream=width,height", "-of", "json", video]
        stream = json.loads(subprocess.check_output(probe))["streams"][0]
        size = stream["height"], stream["width"], 3
        ffmpeg = ["ffmpeg", "-v", "error", "-i", video, "-an", "-vf", f"fps={FPS}", "-pix_fmt", "bgr24",
                  "-f", "rawvideo", "-"]
        pipe = subprocess.Popen(ffmpeg, stdout=subprocess.PIPE).stdout
        while image := pipe.read(size[0] * size[1] * 3):
            yield numpy.frombuffer(image, numpy.uint8).reshape(size)

    def resized(image):
        return cv2.resize(image, (WIDTH, HEIGHT))

    colour, gray = [], []
    for image in decoded():
        colour.append(resized(image))
        gray.append(resized(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)))
    stage_ends("decode")

    solver = cv2.optflow.DualTVL1OpticalFlow_create()
    flow = []
    for pair in zip(gray, gray[1:]):
        bounded = numpy.clip(solver.calc(*pair, None), -BOUND, BOUND)
        flow.append(numpy.rint((bounded + BOUND) * (255 / (2 * BOUND))).astype(numpy.uint8))
    flow.append(flow[-1])
    stage_ends("flow")

    def network_of(stream, channels):
        network = I3d("piergiaj", channels).eval()
        state = torch.jit.load(f"{bundle}/i3d_{stream}.pt").state_dict()
        missing, unexpected = network.load_state_dict(state, strict=False)
        assert not unexpected and all(name.startswith("logits.") for name in missing)
        return network

    def features_of(network, frames):
        top, left = (HEIGHT - CROP) // 2, (WIDTH - CROP) // 2
        rows = []
        for first in range(0, len(frames) - WINDOW + 1, WINDOW):
            clip = numpy.stack(frames[first:first + WINDOW])[:, top:top + CROP, left:left + CROP]
            clip = torch.from_numpy(clip.transpose(3, 0, 1, 2)[None].astype(numpy.float32))
            rows.append(network(2 * clip / 255 - 1))
        return torch.cat(rows)

    with torch.no_grad():
        rgb = features_of(network_of("rgb", 3), [image[:, :, ::-1] for image in colour])
        features = torch.cat([rgb, features_of(network_of("flow", 2), flow)], 1)
        stage_ends("features")

        with open(f"{bundle}/model.json") as file:
            model = json.load(file)
        co2net = Co2Net(features.shape[1], len(model["classes"])).eval()
        co2net.load_state_dict(torch.load(f"{bundle}/co2net.pt"))
        scores = co2net(features[None])
        assert all(values.isfinite().all() for values in scores.values())
        stage_ends("localization")

    numpy.save(features_file, features.numpy())
    print(json.dumps({"frames": len(colour), "seconds": seconds}))


if sys.argv[1] == "compare":
    compare(*sys.argv[2:])
else:
    extract(*sys.argv[1:])
