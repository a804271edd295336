"""What co2net's `eval --report` says of errors, written from the definitions (postprocess/README.md): what the
tests compare co2net with.

`videos` are (id, duration or None, [(label, start, end)]), predictions (video, label, start, end, score), each
in the order of its file, times in seconds; `bins` are {characteristic: edges}."""

import math

import numpy as np

BANDS = 10
KINDS = ["true_positive", "double_detection", "wrong_label", "localization", "confusion", "background"]


class Truth:
    def __init__(self, video, duration, label, start, end, instances):
        self.video, self.label, self.start, self.end = video, label, start, end
        self.size = {"length": end - start, "instances": instances,
                     "coverage": (end - start) / duration if duration else None}


def analyze(videos, predictions, tiou, bins):
    all_truths = [Truth(video, duration, *segment, len(segments))
                  for video, duration, segments in videos for segment in segments]
    truths = [truth for truth in all_truths if truth.end > truth.start and (truth.size["coverage"] or 0) <= 1]
    labels = sorted({truth.label for truth in truths})
    normal = len(truths) / len(labels)
    count = {label: sum(truth.label == label for truth in truths) for label in labels}
    ranked = {label: sorted([one for one in predictions if one[1] == label][::-1], key=lambda one: -one[4])
              for label in labels}
    taken = {label: [match(ranked[label], truths, t) for t in tiou] for label in labels}

    def precisions_of(label, matches):
        return [ap(matches_at, count[label], normal) for matches_at in matches]

    def normalized_map(matches):
        at = np.mean([precisions_of(label, matches[label]) for label in labels], axis=0)
        return {"mAP": at.tolist(), "average": float(np.mean(at))}

    finding = {label: [floored(at, count[label], normal) for at in taken[label]] for label in labels}
    return {
        "segments": len(truths), "segments_left_out": len(all_truths) - len(truths),
        "false_positives": false_positives(labels, ranked, taken, truths, count, tiou, normalized_map),
        "sensitivity": {**normalized_map(taken), "by": {
            name: [sensitivity(labels, taken, inside, normal) for inside in in_bins(truths, name, edges)]
            for name, edges in bins.items()}},
        "false_negatives": {**normalized_map(finding), "by": {
            name: missed(finding, truths, in_bins(truths, name, edges), len(tiou)) for name, edges in bins.items()}}}


def overlap(prediction, truth):
    _, _, start, end, _ = prediction
    shared = max(0, min(end, truth.end) - max(start, truth.start))
    return shared / ((end - start) + (truth.end - truth.start) - shared)


def match(ranked, truths, t):
    """The truth that each takes, or None."""
    free, matches = list(truths), []
    for prediction in ranked:
        fitting = [truth for truth in free if (truth.video, truth.label) == prediction[:2]
                   and overlap(prediction, truth) >= t]
        best = max(fitting[::-1], key=lambda truth: overlap(prediction, truth), default=None)
        if best is not None:
            free.remove(best)
        matches.append(best)
    return matches


def curve(matches, positives, normal):
    """Recall and normalized precision at each rank."""
    hits = np.array([found is not None for found in matches], dtype=float)
    recall = np.cumsum(hits) / positives
    wrong = np.cumsum(1 - hits)
    return recall, recall * normal / np.maximum(recall * normal + wrong, 1e-300)


def ap(matches, positives, normal):
    recall, precision = curve(matches, positives, normal)
    recall = np.concatenate([[0], recall, [1]])
    precision = np.maximum.accumulate(np.concatenate([[0], precision, [0]])[::-1])[::-1]
    return float(np.sum(np.diff(recall) * precision[1:]))


def floored(matches, positives, normal):
    _, precision = curve(matches, positives, normal)
    return [found if high else None for found, high in zip(matches, precision > 0.05)]


def kind_of(prediction, found, truths, t):
    if found is not None:
        return "true_positive"
    near = [truth for truth in truths if truth.video == prediction[0]]
    best = max(near, key=lambda truth: overlap(prediction, truth), default=None)
    most = overlap(prediction, best) if best else 0
    own = best is not None and best.label == prediction[1]
    if most >= t:
        return "double_detection" if own else "wrong_label"
    if most >= 0.1:
        return "localization" if own else "confusion"
    return "background"


def false_positives(labels, ranked, taken, truths, count, tiou, normalized_map):
    best = {label: ranked[label][:BANDS * count[label]] for label in labels}
    kept = {label: [at[:len(best[label])] for at in taken[label]] for label in labels}
    kinds = {label: [[kind_of(prediction, found, truths, t) for prediction, found in zip(best[label], at)]
                     for t, at in zip(tiou, kept[label])] for label in labels}
    numbers = np.zeros((len(tiou), BANDS, len(KINDS)), dtype=int)
    for label in labels:
        for t, at in enumerate(kinds[label]):
            for rank, kind in enumerate(at):
                numbers[t, rank // count[label], KINDS.index(kind)] += 1
    sizes = numbers[0].sum(axis=1)

    def shares(of_kinds, size):
        return (of_kinds / size).mean(axis=0).tolist() if size else None

    def without(kind):
        return {label: [[found for found, other in zip(at, at_kinds) if other != kind]
                        for at, at_kinds in zip(kept[label], kinds[label])] for label in labels}

    as_it_is = normalized_map(kept)
    return {**as_it_is, "predictions": int(sizes.sum()), "band_size": sizes.tolist(), "count": numbers.tolist(),
            "shares": [shares(numbers[:, band], sizes[band]) for band in range(BANDS)],
            "shares_of_all": shares(numbers.sum(axis=1), sizes.sum()),
            "gain": {kind: normalized_map(without(kind))["average"] - as_it_is["average"] for kind in KINDS[1:]}}


def in_bins(truths, name, edges):
    """The truths of each bin."""
    def is_in(size, i):
        return size is not None and (edges[i] < size <= edges[i + 1] or i == 0 and size == edges[0])
    return [[truth for truth in truths if is_in(truth.size[name], i)] for i in range(len(edges) - 1)]


def sensitivity(labels, taken, inside, normal):
    of_labels = []
    for label in labels:
        positives = sum(truth.label == label for truth in inside)
        if positives == 0:
            continue
        keeps = [all(found is None or found in inside for found in ranks) for ranks in zip(*taken[label])]
        of_labels.append(np.mean([ap([found for found, keep in zip(at, keeps) if keep], positives, normal)
                                  for at in taken[label]]))
    return float(np.mean(of_labels)) if of_labels else None


def missed(finding, truths, bins, thresholds):
    found = [{truth for of_label in finding.values() for truth in of_label[t]} for t in range(thresholds)]
    at = [[sum(truth not in found[t] for truth in inside) / len(inside) if inside else None for inside in bins]
          for t in range(thresholds)]
    return {"share_of_truths": [len(inside) / len(truths) for inside in bins], "missed_at": at,
            "missed": [None if None in of_bin else math.fsum(of_bin) / thresholds for of_bin in zip(*at)]}
