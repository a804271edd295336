"""Mean average precision of temporal detection by the rules of co2net's protocols, written from their
definition (postprocess/evaluation.h) in numpy: what the tests compare co2net with.

Truths are (video, label, start, end) and detections (video, label, start, end, score), each in the order
of its file, times in seconds; `ambiguous` is {video: [(start, end)]}."""

import numpy as np

SNIPPETS_PER_SECOND = 25 / 16


def thresholds(protocol, first, step, last):
    """What a protocol compares with: the decimals first, first + step, ..., or numpy's linspace."""
    count = int(round((last - first) / step, 6)) + 1 if step else 1
    decimals = [round(first + i * step, 9) for i in range(count)]
    return list(np.linspace(decimals[0], decimals[-1], count)) if protocol == "activitynet" else decimals


def evaluate(protocol, truths, detections, tiou, ambiguous):
    """{label: [AP at each threshold]} of the labels that have truth. Detections of other labels are
    left out; those in videos without truth are not."""
    average_precisions = {"activitynet": in_seconds, "co2net": in_snippets, "thumos": as_thumos}[protocol]
    labels = sorted({truth[1] for truth in truths})
    detections = [detection for detection in detections if detection[1] in labels]
    return average_precisions(labels, truths, detections, tiou, ambiguous)


def mean_over_labels(per_class):
    return np.mean(list(per_class.values()), axis=0).tolist()


def of_label(items, label):
    return [item for item in items if item[1] == label]


def ends_of(items):
    return np.array([[item[2], item[3]] for item in items], dtype=float).reshape(-1, 2)


def are_in_same_video(some, others):
    return np.array([[one[0] == other[0] for other in others] for one in some],
                    dtype=bool).reshape(len(some), len(others))


def shared_lengths(a, b):
    """[len(a), len(b)]; a and b are [n, 2]."""
    return (np.minimum(a[:, None, 1], b[None, :, 1]) - np.maximum(a[:, None, 0], b[None, :, 0])).clip(0)


# Protocol activitynet

def in_seconds(labels, truths, detections, tiou, _ambiguous):
    return {label: interpolated(of_label(truths, label), of_label(detections, label), tiou)
            for label in labels}


def interpolated(truths, detections, tiou):
    if not detections:
        return [0.0] * len(tiou)
    later_first = detections[::-1]
    order = np.argsort([-detection[4] for detection in later_first], kind="stable")
    detections = [later_first[i] for i in order]
    hits = taking_truths(overlaps(truths, detections), tiou)
    places = np.arange(1, len(detections) + 1)
    result = []
    for row in hits:
        found = np.cumsum(row)
        precision = np.maximum.accumulate((found / places)[::-1])[::-1]
        recall_steps = np.diff(found / len(truths), prepend=0)
        result.append(float(np.sum(recall_steps * precision)))
    return result


def overlaps(truths, detections):
    """[detections, truths]: tIoU, infinite where neither has any length, -1 in another video."""
    a, b = ends_of(detections), ends_of(truths)
    shared = shared_lengths(a, b)
    union = (a[:, 1] - a[:, 0])[:, None] + (b[:, 1] - b[:, 0])[None, :] - shared
    with np.errstate(divide="ignore", invalid="ignore"):
        tiou = np.where(union == 0, np.inf, shared / union)
    return np.where(are_in_same_video(detections, truths), tiou, -1)


def taking_truths(matrix, tiou):
    """[thresholds, detections]: whether each detection, in turn, gets a truth: the best one left."""
    later_first = matrix[:, ::-1]
    best_first = matrix.shape[1] - 1 - np.argsort(-later_first, axis=1, kind="stable")
    hits = np.zeros((len(tiou), len(matrix)), dtype=bool)
    for row, threshold in zip(hits, tiou):
        taken = set()
        for i, ranked in enumerate(best_first.tolist()):
            free = (j for j in ranked if matrix[i, j] >= threshold and j not in taken)
            match = next(free, None)
            if match is not None:
                taken.add(match)
                row[i] = True
    return hits


# Protocol co2net

def in_snippets(labels, truths, detections, tiou, ambiguous):
    truths = [(video, label, *map(whole_snippets, (start, end))) for video, label, start, end in truths]
    detections = [(video, label, *map(snippets, (start, end)), score)
                  for video, label, start, end, score in detections]
    kept = [one for one in detections if not any(shares_a_snippet(one, interval)
                                                 for interval in ambiguous.get(one[0], []))]
    return in_seconds(labels, truths, kept, tiou, ambiguous)


def snippets(seconds):
    """As many as were written in seconds, whose rounding is undone."""
    return float(np.round(seconds * SNIPPETS_PER_SECOND, 9))


def whole_snippets(seconds):
    return float(round(seconds * SNIPPETS_PER_SECOND))


def shares_a_snippet(detection, interval):
    own = range(int(detection[2]), int(detection[3]))
    others = range(*(int(whole_snippets(time)) for time in interval))
    return max(own.start, others.start) < min(own.stop, others.stop)


# Protocol thumos

def as_thumos(labels, truths, detections, tiou, ambiguous):
    return {label: not_interpolated(of_label(truths, label), of_label(detections, label), tiou, ambiguous)
            for label in labels}


def not_interpolated(truths, detections, tiou, ambiguous):
    detections = sorted(detections, key=lambda one: one[0])
    detections.sort(key=lambda one: -one[4])
    a, b = ends_of(detections), ends_of(truths)
    shared = shared_lengths(a, b)
    whole = np.maximum(a[:, None, 1], b[None, :, 1]) - np.minimum(a[:, None, 0], b[None, :, 0])
    matrix = np.where(shared > 0, shared / np.where(whole > 0, whole, 1), 0)
    matrix *= are_in_same_video(detections, truths)
    excused = np.array([any(min(one[3], end) > max(one[2], start)
                            for start, end in ambiguous.get(one[0], [])) for one in detections], dtype=bool)
    result = []
    for threshold in tiou:
        hits = taking_detections(matrix, threshold)
        counted = hits | ~excused
        places = np.cumsum(counted)
        found = np.cumsum(hits)
        result.append(float(np.sum(found[hits] / places[hits]) / len(truths)))
    return result


def taking_detections(matrix, threshold):
    """[detections]: which ones truths take, each in turn the best one left."""
    hits = np.zeros(len(matrix), dtype=bool)
    for column in matrix.T:
        free = np.where(hits, -1, column)
        if len(free) and free.max() > threshold:
            hits[free.argmax()] = True
    return hits
