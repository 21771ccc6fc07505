"""Time of feature distribution smoothing at batch 256, width 2,048 and 100 bins, and of the end of an epoch.

Bounds: forward and backward at most 2.5 times one pass ``(x - a[i]) * b[i] + c[i]``; `end_epoch` at most
20 ms.  Run: python benchmarks/fds.py
"""

import torch
from torch.utils.benchmark import Timer

from evenreg.features import FDS
from evenreg.labels import Bins, LabelSpace

BATCH, WIDTH, BINS = 256, 2048, 100
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def milliseconds(statement: str, **names: object) -> float:
    """The best time of a statement: what the code takes, not what the machine was doing besides."""
    timer = Timer(statement, globals=names, num_threads=torch.get_num_threads())
    return 1e3 * min(timer.blocked_autorange(min_run_time=0.5).times)


def trained(y: torch.Tensor, *shape: int, **options: object) -> FDS:
    """An FDS that calibrates, on the device."""
    space = LabelSpace.fit([0, BINS - 1], Bins.uniform(-0.5, BINS - 0.5, 1))
    fds = FDS(start_update=0, start_smooth=1, **options).fit(space).to(DEVICE)
    for _ in range(8):
        fds.observe(torch.randn(*shape, device=DEVICE), y)
    fds.end_epoch()
    return fds


def told(name: str, time: float, bound: float | None = None, note: str = "") -> None:
    """One line."""
    verdict = (
        "" if bound is None else f"  {'within' if time <= bound else 'ABOVE'} the bound of {bound:.3f} ms"
    )
    print(f"{name:48} {time:8.3f} ms{verdict}{note}")


def rows() -> None:
    """The paper's place: pooled features."""
    y = torch.randint(0, BINS, (BATCH,), device=DEVICE).float()
    x = torch.randn(BATCH, WIDTH, device=DEVICE, requires_grad=True)
    a, b, c = (torch.randn(BINS, WIDTH, device=DEVICE) for _ in range(3))
    upstream, index = torch.randn_like(x), y.long()
    names = {"x": x, "a": a, "b": b, "c": c, "i": index, "g": upstream, "y": y}
    plain = milliseconds("((x - a[i]) * b[i] + c[i]).backward(g)", **names)
    fds = trained(y, BATCH, WIDTH)
    ours = milliseconds("fds(x, y).backward(g)", fds=fds, **names)
    told("plain pass, forward and backward", plain)
    told("FDS, forward and backward", ours, 2.5 * plain, f"  {ours / plain:.2f} x")
    told("FDS.observe", milliseconds("fds.observe(x, y)", fds=fds, **names))
    told(
        f"observe and end_epoch, {BINS} bins",
        milliseconds("fds.observe(x, y); fds.end_epoch()", fds=fds, **names),
        20,
    )
    half = x.detach().bfloat16().requires_grad_()
    names |= {"x": half, "g": upstream.bfloat16()}
    told("FDS, forward and backward, bfloat16", milliseconds("fds(x, y).backward(g)", fds=fds, **names))


def maps() -> None:
    """Dense features, a label a pixel."""
    y = torch.randint(0, BINS, (4, 1, 114, 152), device=DEVICE).float()
    x = torch.randn(4, 128, 114, 152, device=DEVICE, requires_grad=True)
    a, b, c = (torch.randn(BINS, 128, device=DEVICE) for _ in range(3))
    names = {"x": x, "a": a, "b": b, "c": c, "i": y.long()[:, 0], "g": torch.randn_like(x), "y": y}
    tables = "A, B, C = (t[i].movedim(-1, 1) for t in (a, b, c)); ((x - A) * B + C).backward(g)"
    plain = milliseconds(tables, **names)
    fds = trained(y, *x.shape)
    ours = milliseconds("fds(x, y).backward(g)", fds=fds, **names)
    told("maps 4 x 128 x 114 x 152, plain pass", plain)
    told("maps, FDS", ours, 2.5 * plain, f"  {ours / plain:.2f} x")
    told("maps, FDS.observe", milliseconds("fds.observe(x, y)", fds=fds, **names))


def full(width: int) -> None:
    """Whole covariances."""
    y = torch.randint(0, BINS, (BATCH,), device=DEVICE).float()
    x = torch.randn(BATCH, width, device=DEVICE, requires_grad=True)
    names = {"x": x, "y": y, "g": torch.randn_like(x), "fds": trained(y, BATCH, width, covariance="full")}
    told(f"full covariance, width {width}, fwd and bwd", milliseconds("fds(x, y).backward(g)", **names))
    told(f"full covariance, width {width}, observe", milliseconds("fds.observe(x, y)", **names))
    told(
        f"full covariance, width {width}, end_epoch",
        milliseconds("fds.observe(x, y); fds.end_epoch()", **names),
    )


def main() -> None:
    torch.manual_seed(0)
    print(f"batch {BATCH} x {WIDTH}, {BINS} bins, float32, {DEVICE}, {torch.get_num_threads()} threads")
    rows()
    maps()
    full(64)


if __name__ == "__main__":
    main()
