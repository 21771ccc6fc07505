"""Metrics as loops over rows, in Python floats."""

import math


def _rows(values):
    return [list(v) if hasattr(v, "__len__") else [float(v)] for v in values]


def absolute_errors(target, prediction):
    out = []
    for t, p in zip(_rows(target), _rows(prediction), strict=True):
        out.append(sum(abs(b - a) for a, b in zip(t, p, strict=True)) / len(t))
    return out


def squared_errors(target, prediction):
    out = []
    for t, p in zip(_rows(target), _rows(prediction), strict=True):
        out.append(sum((b - a) ** 2 for a, b in zip(t, p, strict=True)) / len(t))
    return out


def mae(target, prediction):
    e = absolute_errors(target, prediction)
    return math.fsum(e) / len(e)


def mse(target, prediction):
    e = squared_errors(target, prediction)
    return math.fsum(e) / len(e)


def gm(target, prediction):
    product, n = 0.0, 0
    for t, p in zip(_rows(target), _rows(prediction), strict=True):
        for a, b in zip(t, p, strict=True):
            product += math.log(max(abs(b - a), 1e-10))
            n += 1
    return math.exp(product / n)


def _by_bin(errors, index):
    bins = {}
    for e, i in zip(errors, index, strict=True):
        bins.setdefault(int(i), []).append(e)
    return {i: math.fsum(v) / len(v) for i, v in bins.items()}


def bmae(target, prediction, index):
    means = _by_bin(absolute_errors(target, prediction), index)
    return math.fsum(means.values()) / len(means)


def brmse(target, prediction, index):
    means = _by_bin(squared_errors(target, prediction), index)
    return math.sqrt(math.fsum(means.values()) / len(means))


def pearson(x, y):
    n = len(x)
    mx, my = math.fsum(x) / n, math.fsum(y) / n
    sxy = math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    sxx, syy = math.fsum((a - mx) ** 2 for a in x), math.fsum((b - my) ** 2 for b in y)
    return sxy / math.sqrt(sxx * syy)


def ranks(x):
    return [sum(b < a for b in x) + (sum(b == a for b in x) + 1) / 2 for a in x]


def spearman(x, y):
    return pearson(ranks(list(x)), ranks(list(y)))
