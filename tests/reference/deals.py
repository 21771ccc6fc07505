"""Balanced batches the slow way: one draw after another, deals shuffled with Python's integers."""

_ALL = 2**64 - 1


def mixed(x):
    """SplitMix64's output function, on a number that is not held to 64 bits."""
    x = x * 0x9E3779B97F4A7C15 & _ALL
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _ALL
    x = (x ^ x >> 27) * 0x94D049BB133111EB & _ALL
    return x ^ x >> 31


def rows_of_bins(bins, members, salt, epoch):
    """The row of each place of each batch; ``members[b]`` are the rows of bin b."""
    shuffled = {}

    def at(b, deal, place):
        if (b, deal) not in shuffled:
            front = mixed(deal + salt & _ALL)
            shuffled[b, deal] = sorted(members[b], key=lambda row: mixed(front + row & _ALL))
        return shuffled[b, deal][place]

    reserved = -(-sum(map(len, bins)) // len(members))
    number = [epoch * reserved] * len(members)
    drawn = []
    for batch in bins:
        rows = [None] * len(batch)
        for b in set(batch):
            places = [i for i, other in enumerate(batch) if other == b]
            size = len(members[b])
            deal = (number[b] + len(places) - 1) // size
            for i in places:
                rows[i] = at(b, deal, number[b] % size)
                number[b] += 1
        drawn.append(rows)
    return drawn
