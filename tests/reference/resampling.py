"""Resampling the slow way: HEOM, neighbours, the target's rule and SMOGN, row by row in Python."""

import math
import random


def missing(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def heom(a, b, scales):
    """The distance of two rows; a column without a scale is one of categories."""
    total = 0.0
    for x, y, scale in zip(a, b, scales, strict=True):
        if missing(x) or missing(y):
            total += 1
        elif scale is None:
            total += x != y
        else:
            total += ((x - y) / scale) ** 2
    return math.sqrt(total)


def ranges(rows, categories):
    """What each column is divided by: its range, 1 where that is 0; None for categories."""
    result = []
    for j, column in enumerate(zip(*rows, strict=True)):
        there = [v for v in column if not missing(v)]
        span = None if j in categories else (max(there) - min(there) if there else 0)
        result.append(span if span is None or span > 0 else 1)
    return result


def regions(y, relevance, threshold):
    """Row numbers of each run, sorted by label, of labels on one side of the threshold."""
    runs = []
    for i in sorted(range(len(y)), key=lambda i: y[i]):
        rare = relevance[i] >= threshold
        if runs and runs[-1][0] == rare:
            runs[-1][1].append(i)
        else:
            runs.append((rare, [i]))
    return [(rare, sorted(rows)) for rare, rows in runs]


def neighbour_distances(rows, region, seed, scales):
    """Distances of a seed to the others of its region, ascending."""
    return sorted(heom(rows[seed], rows[i], scales) for i in region if i != seed)


def max_distance(rows, region, seed, scales):
    """Half the median distance to the others."""
    far = neighbour_distances(rows, region, seed, scales)
    middle = len(far) // 2
    return (far[middle] if len(far) % 2 else (far[middle - 1] + far[middle]) / 2) / 2


def target(row, a, b, y_a, y_b, scales):
    """The mean of the parents' labels, each weighted by the distance to the other one."""
    to_a, to_b = heom(row, a, scales), heom(row, b, scales)
    return (y_a + y_b) / 2 if to_a + to_b == 0 else (to_b * y_a + to_a * y_b) / (to_a + to_b)


def deviation(values):
    there = [v for v in values if not missing(v)]
    mean = sum(there) / len(there)
    return math.sqrt(sum((v - mean) ** 2 for v in there) / (len(there) - 1))


def smogn_rows(rows, y, count, k, perturbation, seed):
    """``count`` new rows from one region of numeric rows."""
    rng, made = random.Random(seed), []
    scales = ranges(rows, ())
    sds = [deviation(column) for column in zip(*rows, strict=True)]
    for turn in range(count):
        a = turn % len(rows)
        order = sorted((heom(rows[a], rows[i], scales), i) for i in range(len(rows)) if i != a)
        safe = max_distance(rows, range(len(rows)), a, scales)
        distance, b = rng.choice(order[:k])
        if distance < safe:
            u = rng.random()
            new = [x + u * (z - x) for x, z in zip(rows[a], rows[b], strict=True)]
            made.append((new, target(new, rows[a], rows[b], y[a], y[b], scales)))
        else:
            amount = min(safe, perturbation)
            new = [rng.gauss(x, sd * amount) for x, sd in zip(rows[a], sds, strict=True)]
            made.append((new, rng.gauss(y[a], deviation(y) * amount)))
    return made
