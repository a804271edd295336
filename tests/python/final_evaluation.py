"""What co2net's `eval --final` says, written from its definition (postprocess/final_evaluation.h): what the
tests compare co2net with.

Truths are (label, start, end) and final segments (label, start, end, score), a list a video, each in the
order of its file, times in seconds."""

import functools
import math

import numpy as np

TIOU = [0.3, 0.5, 0.7]
DRAWS = 1000


def evaluate(videos, foreign):
    """`videos` has for each, in order, (truths, labels, final segments or None, duration or None); `foreign`
    the final segments of each video that the ground truth lacks."""
    marked = [video for video in videos if video[0] or not video[1]]
    pairs = [[matched(found or [], truths, tiou) for tiou in TIOU] for truths, _, found, _ in marked]
    segments = [len(found or []) for _, _, found, _ in marked]
    truths = [len(truths) for truths, *_ in marked]
    at_half = [pair for of_video in pairs for pair in of_video[1]]
    return {
        "accuracy": [accuracy(tiou, [len(of_video[t]) for of_video in pairs], segments, truths)
                     for t, tiou in enumerate(TIOU)],
        "boundaries": {"pairs": len(at_half),
                       "start": boundary([segment[1] - truth[1] for segment, truth in at_half]),
                       "end": boundary([segment[2] - truth[2] for segment, truth in at_half])},
        "false_alarms": {"background": alarms([video for video in marked if not video[0]]),
                         "elsewhere": alarms([video for video in marked if video[0]])},
        "confusion": confusion(marked),
        "counts": {"videos": len(marked), "segments": sum(segments), "truths": sum(truths),
                   "videos_without_final": sum(found is None for _, _, found, _ in marked),
                   "videos_without_duration": sum(found is not None and not duration
                                                  for _, _, found, duration in marked),
                   "foreign_segments": sum(map(len, foreign)), "unmarked_videos": len(videos) - len(marked)}}


def shared(a, b):
    return max(0, min(a[2], b[2]) - max(a[1], b[1]))


def overlap(a, b):
    union = (a[2] - a[1]) + (b[2] - b[1]) - shared(a, b)
    return shared(a, b) / union if union else math.inf


def matched(found, truths, tiou):
    pairs, left = [], list(truths)
    for segment in sorted(found[::-1], key=lambda one: -one[3]):
        fitting = [truth for truth in left if truth[0] == segment[0] and overlap(segment, truth) >= tiou]
        if fitting:
            best = max(fitting[::-1], key=lambda truth: overlap(segment, truth))
            pairs.append((segment, best))
            del left[max(i for i, truth in enumerate(left) if truth == best)]
    return pairs


def accuracy(tiou, hits, segments, truths):
    hits, segments, truths = map(np.array, (hits, segments, truths))
    return {"tiou": tiou, "hits": int(hits.sum()), "precision": estimate(hits, segments),
            "recall": estimate(hits, truths), "f1": estimate(2 * hits, segments + truths)}


def estimate(part, whole):
    if whole.sum() == 0:
        return None
    places = drawn(len(part))
    parts, wholes = part[places].sum(axis=1), whole[places].sum(axis=1)
    shares = parts[wholes > 0] / wholes[wholes > 0]
    return {"value": part.sum() / whole.sum(), "low": np.quantile(shares, 0.025),
            "high": np.quantile(shares, 0.975)}


@functools.lru_cache(None)
def drawn(videos):
    """[draws, videos]: places of videos."""
    numbers = mersenne_twister_64(1)
    return np.array([[next(numbers) % videos for _ in range(videos)] for _ in range(DRAWS)])


def mersenne_twister_64(seed):
    """The numbers of C++'s std::mt19937_64."""
    state = [seed]
    for i in range(1, 312):
        state.append((6364136223846793005 * (state[-1] ^ state[-1] >> 62) + i) % 2**64)
    while True:
        for i in range(312):
            x = state[i] >> 31 << 31 | state[(i + 1) % 312] % 2**31
            state[i] = state[(i + 156) % 312] ^ x >> 1 ^ (0xB5026F5AA96619E9 if x % 2 else 0)
        for y in state:
            y ^= y >> 29 & 0x5555555555555555
            y ^= y << 17 & 0x71D67FFFEDA60000
            y ^= y << 37 & 0xFFF7EEE000000000
            yield y ^ y >> 43


def boundary(differences):
    if not differences:
        return None
    return {"median": np.median(differences), "median_absolute": np.median(np.abs(differences))}


def alarms(videos):
    timed = [video for video in videos if video[2] is not None and video[3]]
    segments = sum(all(shared(segment, truth) == 0 for truth in truths)
                   for truths, _, found, _ in timed for segment in found)
    hours = sum(idle(duration, truths) for truths, _, _, duration in timed) / 3600
    result = {"videos": len(timed), "segments": segments, "hours": hours,
              "per_hour": segments / hours if hours else None}
    if hours and not segments:
        result["per_hour_below"] = 3 / hours
    return result


def idle(duration, truths):
    """Summed over the pieces between all times that are mentioned."""
    times = sorted({0, duration, *(min(max(time, 0), duration) for truth in truths for time in truth[1:])})
    return sum(b - a for a, b in zip(times, times[1:])
               if not any(start <= a and b <= end for _, start, end in truths))


def confusion(videos):
    counts = {}
    for truths, _, found, _ in videos:
        for segment in found or []:
            best = max(truths, key=lambda truth: (overlap(segment, truth), truth[0] == segment[0]), default=None)
            label = best[0] if best and overlap(segment, best) >= 0.5 else None
            counts[segment[0], label] = counts.get((segment[0], label), 0) + 1
    return [{"found": found, "truth": label, "segments": counts[found, label]}
            for found, label in sorted(counts, key=lambda pair: (pair[0], pair[1] or ""))]
