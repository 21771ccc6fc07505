"""Label-space formulas the slow way: loops over single labels and bins, one line a rule."""

import math


def bin_of(y, edges):
    """The bin of one label by walking the edges; out-of-range labels clamp into the edge bins."""
    for b in range(len(edges) - 1):
        if y < edges[b + 1]:
            return b
    return len(edges) - 2


def count(labels, edges):
    counts = [0] * (len(edges) - 1)
    for y in labels:
        counts[bin_of(y, edges)] += 1
    return counts


KERNELS = {
    "gaussian": lambda x, half, sigma: math.exp(-x * x / (2 * sigma**2)),
    "laplacian": lambda x, half, sigma: math.exp(-abs(x) / sigma),
    "triangular": lambda x, half, sigma: 1 - abs(x) / (half + 1),
}


def folded_gaussian(size, sigma):
    """A Gaussian, truncated at 4 sigma, laid on an array of length ``size`` whose ends are mirrors."""
    half, reach = size // 2, int(4 * sigma + 0.5)
    total = sum(math.exp(-x * x / (2 * sigma**2)) for x in range(-reach, reach + 1))
    window = [0.0] * size
    for x in range(-reach, reach + 1):
        place = (half + x) % (2 * size)  # the mirrored array repeats after twice its length
        place = place if place < size else 2 * size - 1 - place
        window[place] += math.exp(-x * x / (2 * sigma**2)) / total
    return [w / max(window) for w in window]


def smooth(counts, kernel, size, sigma, boundary):
    """Eq. 1 of papers/000 as a double loop over bins."""
    half, m = size // 2, len(counts)
    if kernel == "folded_gaussian":
        window = folded_gaussian(size, sigma)
    else:
        window = [KERNELS[kernel](x, half, sigma) for x in range(-half, half + 1)]
    result = []
    for b in range(m):
        total = mass = 0.0
        for x in range(-half, half + 1):
            neighbour = b + x
            if boundary == "reflect":
                neighbour %= 2 * m
                neighbour = neighbour if neighbour < m else 2 * m - 1 - neighbour
            if 0 <= neighbour < m:
                total += window[x + half] * counts[neighbour]
                mass += window[x + half]
        result.append(total * sum(window) / mass if boundary == "renormalize" else total)
    return result


def weights(labels, edges, power=1.0, smoothing=None, clip=None, smooth_first=True, max_ratio=None):
    """Inverse-frequency weights of the training labels, one label after the other."""
    density = [float(c) for c in count(labels, edges)]
    if clip:
        density = [min(max(c, clip[0]), clip[1]) for c in density]
    if not smooth_first:
        density = [c**power for c in density]
    if smoothing:
        density = smooth(density, *smoothing)
    if smooth_first:
        density = [c**power for c in density]
    raw = [1 / density[bin_of(y, edges)] for y in labels]
    if max_ratio:
        raw = [min(w, max_ratio * min(raw)) for w in raw]
    return [w * len(raw) / sum(raw) for w in raw]


def regions(counts, many, few, gap):
    """The region of each bin by walking to the nearest populated bins on both sides."""
    result = []
    for b in range(len(counts)):
        left = next((i for i in range(b, -1, -1) if counts[i]), None)
        right = next((i for i in range(b, len(counts)) if counts[i]), None)
        if left is None or right is None:
            result.append("extrapolation")
        elif right - left - 1 > gap and not counts[b]:
            result.append("interpolation")
        else:
            near = (counts[left] + counts[right]) / 2
            result.append("many" if near > many else "few" if near < few else "medium")
    return result


def pools(counts, rows):
    """Lists of neighbouring populated bins that together hold at least ``rows`` rows."""
    done, current = [], []
    for b, c in enumerate(counts):
        if c:
            current.append(b)
            if sum(counts[i] for i in current) >= rows:
                done.append(current)
                current = []
    if current and done:
        done[-1] = done[-1] + current
    elif current:
        done.append(current)
    return done
