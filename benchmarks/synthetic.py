"""Time of the synthetic benchmark of papers/002, converged: Table 4, eight rows, 200 draws a cell; and its targets.

Bound: 8 minutes on two cores.  Run: python benchmarks/synthetic.py [DRAWS]
"""

import sys

import evenreg
from evenreg.data import SYNTHETIC
from evenreg.training import SYNTHETIC_METHODS, SyntheticCell

LINES = [name for name, setting in SYNTHETIC.items() if setting.is_line]
BOUND, JOBS = 480, 2


def target(cell: SyntheticCell) -> float | None:
    """The most that a cell's error may be in units of that of reverse regression."""
    row, exponential = SYNTHETIC_METHODS[cell.method], cell.setting.startswith("exponential")
    if row.loss in ("vanilla", "inv") or (row.learn and row.loss == "gai" and cell.components > 1):
        return None
    if not row.learn:
        return 0.8
    return {"gai": 1.1, "bmc": 2.0 if exponential else 1.2, "bni": 2.0}[row.loss]


def main() -> None:
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    found = evenreg.benchmark("synthetic", settings=LINES, seeds=draws, jobs=JOBS, quiet=False)
    single = evenreg.benchmark(
        "synthetic", settings="exponential", methods="gai-true, gai", seeds=draws, components=1
    )
    within = "within" if found.seconds <= BOUND else "ABOVE"
    told = f"{len(found.cells)} cells of {draws} draws on {JOBS} cores: {found.seconds:.0f} s"
    print(f"{told}, {within} the bound of {BOUND} s")
    for cell in [*found.cells, *single.cells]:
        most = target(cell)
        if most is not None and cell.ratio is not None:
            name = f"{cell.method}(n={cell.components})" if "gai" in cell.method else cell.method
            verdict = "within" if cell.ratio <= most else "ABOVE"
            print(
                f"{cell.setting:21} {name:15} {cell.seconds:6.1f} s  ratio {cell.ratio:5.2f}  {verdict} {most}"
            )


if __name__ == "__main__":
    main()
