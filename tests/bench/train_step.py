"""One training step of CO2-Net written in PyTorch, as the field writes it: the reference that
co2net_bench_train_step is timed against. Reads a line for each step to take from standard input,
prints the seconds that it took and its loss."""

import os
import sys
import time

import torch
import torch.nn.functional as F

sys.path.append(os.path.join(os.path.dirname(__file__), "../python"))
from networks import Co2Net  # noqa: E402


def classification_loss(cas, labels, background):
    pooled = cas.topk(max(1, cas.shape[1] // 7), 1)[0].mean(1)
    wanted = torch.cat([labels, torch.full_like(labels[:, :1], background)], 1)
    wanted = wanted / (wanted.sum(1, keepdim=True) + 1e-4)
    return -(wanted * F.log_softmax(pooled, 1)).sum(1).mean()


def similarity_loss(feat, cas, labels):
    total, pairs = 0.0, 0.0
    length = feat.shape[1]
    for i in range(0, 6, 2):
        attention = [F.softmax(cas[i + j], 0) for j in range(2)]
        high = [feat[i + j].t() @ attention[j] for j in range(2)]
        low = [feat[i + j].t() @ (1 - attention[j]) / max(length - 1, 1) for j in range(2)]

        def distance(a, b):
            return 1 - F.cosine_similarity(a, b, dim=0)[:-1]

        alike = distance(high[0], high[1])
        shared = labels[i] * labels[i + 1]
        total = total + (0.5 * F.relu(alike - distance(high[0], low[1]) + 0.5) * shared).sum()
        total = total + (0.5 * F.relu(alike - distance(high[1], low[0]) + 0.5) * shared).sum()
        pairs = pairs + shared.sum()
    return total / pairs


def loss_of(output, labels):
    cas, attention = output["cas"], output["attn"]
    least = cas.min(2, keepdim=True)[0]
    suppressed = attention * (cas - least) + least
    attentions = [attention, output["attn_rgb"], output["attn_flow"]]
    background = F.softmax(cas, 2)[:, :, -1:]
    mutual = 0.5 * F.mse_loss(output["attn_rgb"], output["attn_flow"].detach()) + 0.5 * F.mse_loss(
        output["attn_flow"], output["attn_rgb"].detach())
    opposition = sum((1 - a - background).abs().mean() for a in attentions) / 3
    norm = sum(a.mean() for a in attentions) / 3
    return (classification_loss(cas, labels, 1.0) + classification_loss(suppressed, labels, 0.0)
            + similarity_loss(output["feat"], suppressed, labels) + mutual
            + 0.8 * opposition + 0.8 * norm)


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1)
    network = Co2Net(2048, 20).train()
    adam = torch.optim.Adam(network.parameters(), lr=5e-5, weight_decay=1e-3)
    features = torch.rand(10, int(sys.argv[2]), 2048)
    labels = torch.zeros(10, 20)
    labels[torch.arange(10), torch.arange(10) // 2] = 1
    for _ in sys.stdin:
        start = time.perf_counter()
        loss = loss_of(network(features), labels)
        adam.zero_grad()
        loss.backward()
        adam.step()
        print(time.perf_counter() - start, loss.item(), flush=True)


if __name__ == "__main__":
    main()
