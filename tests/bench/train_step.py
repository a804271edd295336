"""One training step of CO2-Net written in PyTorch, as the field writes it: the reference that
co2net_bench_train_step is timed against. Reads a line for each step to take from standard input,
prints the seconds that it took and its loss."""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def conv(inputs, outputs, kernel):
    return nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)


class ConsensusModule(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.context = nn.Sequential(conv(size, size, 3), nn.LeakyReLU(0.2), nn.Dropout(0.5))
        self.detail = nn.Sequential(conv(size, size, 3), nn.LeakyReLU(0.2), nn.Dropout(0.5))
        self.attention = nn.Sequential(
            conv(size, size // 2, 3), nn.LeakyReLU(0.2), nn.Dropout(0.5),
            conv(size // 2, size // 2, 3), nn.LeakyReLU(0.2),
            conv(size // 2, 1, 1), nn.Dropout(0.5), nn.Sigmoid())

    def forward(self, main, aux):
        gate = torch.sigmoid(self.detail(aux) * self.context(main.mean(2, keepdim=True)))
        enhanced = gate * main
        return self.attention(enhanced), enhanced


class Network(nn.Module):
    def __init__(self, size, classes):
        super().__init__()
        self.rgb = ConsensusModule(size // 2)
        self.flow = ConsensusModule(size // 2)
        self.fusion = nn.Sequential(conv(size, size, 1), nn.LeakyReLU(0.2), nn.Dropout(0.7))
        self.classifier = nn.Sequential(
            nn.Dropout(0.7), conv(size, size, 3), nn.LeakyReLU(0.2), nn.Dropout(0.7),
            conv(size, classes + 1, 1))

    def forward(self, features):
        rgb, flow = features.transpose(1, 2).chunk(2, 1)
        rgb_attention, rgb_enhanced = self.rgb(rgb, flow)
        flow_attention, flow_enhanced = self.flow(flow, rgb)
        feat = self.fusion(torch.cat([rgb_enhanced, flow_enhanced], 1))
        cas = self.classifier(feat)
        return {
            "cas": cas.transpose(1, 2), "feat": feat.transpose(1, 2),
            "attention": ((rgb_attention + flow_attention) / 2).transpose(1, 2),
            "rgb": rgb_attention.transpose(1, 2), "flow": flow_attention.transpose(1, 2)}


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
    cas, attention = output["cas"], output["attention"]
    least = cas.min(2, keepdim=True)[0]
    suppressed = attention * (cas - least) + least
    attentions = [attention, output["rgb"], output["flow"]]
    background = F.softmax(cas, 2)[:, :, -1:]
    mutual = 0.5 * F.mse_loss(output["rgb"], output["flow"].detach()) + 0.5 * F.mse_loss(
        output["flow"], output["rgb"].detach())
    opposition = sum((1 - a - background).abs().mean() for a in attentions) / 3
    norm = sum(a.mean() for a in attentions) / 3
    return (classification_loss(cas, labels, 1.0) + classification_loss(suppressed, labels, 0.0)
            + similarity_loss(output["feat"], suppressed, labels) + mutual
            + 0.8 * opposition + 0.8 * norm)


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1)
    network = Network(2048, 20).train()
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
