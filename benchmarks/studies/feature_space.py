"""What FDS and RankSim do to the features of held-out rows: does each do there what it is made for, and does it help?

    python benchmarks/studies/feature_space.py [FILE:TARGET ...] [--seeds 5] [--epochs N]

Protocol, fixed before the first run, nothing tuned. Data: digits-rotation, and each CSV named. Four methods with the
package's defaults: vanilla, fds, ranksim, and ranksim towards a wrong order, for which the labels of the drawn rows
are permuted anew in every batch (the same rows are drawn, the same distances ranked, for the wrong rows). The methods
of a seed have the same division of rows, first weights and order of rows; weights are those of the best validation
b-MAE. Features are the encoder's in eval mode, uncalibrated, of the test rows, which are the same for all seeds.

(a) Mean and variance of the features of each bin, cosine similarity between those of a rare bin (`few` by
    `ShotRegions.relative()`) and of other bins (`statistics_similarity`): near, inside the window of FDS, and far, a
    third of all bins away or more; mean over these, then over rare bins. Bins need two test rows, for a variance;
    rows outside the training range belong to none.
(b) Rank correlation of the neighbours in labels and in features (`neighbour_rank_correlation`), all test rows.

Mean ± SD over seeds; paired differences to vanilla with 95 % t intervals over seeds, which are not corrected for
their number and say nothing about other test rows.
"""

import argparse
import sys
import tempfile
import time

import lightning.pytorch as pl
import numpy as np
import torch
from scipy.stats import t as student

from evenreg import training
from evenreg.data import digits_rotation, read_table
from evenreg.evaluation import evaluate
from evenreg.features import FDS, RankSim, neighbour_rank_correlation, statistics_similarity
from evenreg.labels import LabelSpace, ShotRegions
from evenreg.losses import L1Loss

METHODS = ("vanilla", "fds", "ranksim", "wrong order")
MEASURES = (
    "means: near", "means: far", "means: near - far", "variances: near", "variances: far",
    "variances: near - far", "rank correlation", "test b-MAE", "test MAE, few",
)  # fmt: skip


class RowsRanked(pl.Callback):
    """Notes how many rows RankSim ranked in each batch."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        self.rows += [part.rows for part in module.regularizers]


def parts(name: str, seed: int) -> tuple[FDS | None, list]:
    """Calibration and regularizers of a method."""
    if name != "wrong order":
        method = training.Method.parse(name)
        return method.calibration(), method.regularizers()
    generator = torch.Generator().manual_seed(seed)

    def permuted(labels: torch.Tensor) -> torch.Tensor:
        mixed = labels[torch.randperm(len(labels), generator=generator)]
        return -(mixed - mixed.T).abs()

    return None, [RankSim(**training.Method.parse("ranksim").words[0].args, label_similarity=permuted)]


def inputs(draw: training.Draw, rows: np.ndarray) -> tuple[torch.Tensor, ...]:
    return tuple(tensor[rows] for tensor in draw.prepared.inputs)


def trained(name: str, draw: training.Draw, epochs: int | None):
    """A network with its best weights, the rows ranked in each batch, and the epoch of the weights."""
    source, noted, told = draw.source, RowsRanked(), []
    y, bins = torch.from_numpy(source.y)[:, None], torch.from_numpy(source.bins.index(source.y))

    def loader(index: np.ndarray, size: int, **order):
        rows = training.Rows(inputs(draw, index), y[index], torch.ones(len(index)), bins[index])
        return training.memory_loader(rows, size, **order)

    torch.manual_seed(draw.seed)
    encoder = draw.prepared.encoder()
    head = torch.nn.Linear(encoder.out_features, 1)
    calibration, regularizers = parts(name, draw.seed)
    for part in (*regularizers, *([calibration] if calibration else [])):
        part.fit(draw.space)
    task = training.RegressionTask(
        encoder, head, L1Loss(), scaler=training.TargetScaler().fit(source.y[draw.train]), bins=len(source.bins),
        calibration=calibration, regularizers=regularizers, **source.optimizer,
    )  # fmt: skip
    trainer = {"accelerator": "cpu", "devices": 1, "callbacks": [noted]}
    budget = training.Budget(epochs or source.epochs, source.patience, trainer=trainer)
    train = loader(draw.train, source.batch_size, shuffle=True, seed=draw.seed)
    val = loader(draw.val, 4096, shuffle=False)
    with tempfile.TemporaryDirectory() as folder:
        training.fit(task, train, val, folder, budget=budget, tell=lambda _, error: told.append(error))
    return task.eval(), noted.rows, 1 + int(np.nanargmin(told))


def similarities(features: torch.Tensor, y: np.ndarray, space: LabelSpace) -> tuple[list[float], int]:
    """Near, far and their difference, of means and of variances; and how many rare bins were compared."""
    statistics = FDS(start_update=0).fit(space)  # NaN leaves a row out
    statistics.observe(features, torch.from_numpy(np.where(space.bins.contains(y), y, np.nan)))
    statistics.end_epoch()
    held, place = statistics.counts.numpy() > 1, np.arange(len(space.bins))
    found = []
    for b in np.flatnonzero(held & (ShotRegions.relative().bin_regions(space) == "few")):
        distance = abs(place - b)
        near = held & (distance > 0) & (distance <= statistics.smoothing.size // 2)
        far = held & (distance >= len(place) / 3)
        if near.any() and far.any():
            pair = statistics_similarity(statistics.running_mean, statistics.running_var, int(b))
            found.append([(s[near].mean().item(), s[far].mean().item()) for s in pair])
    means = np.mean(found, axis=0) if found else np.full((2, 2), np.nan)
    return [value for near, far in means.tolist() for value in (near, far, near - far)], len(found)


@torch.no_grad()
def measured(task: training.RegressionTask, draw: training.Draw, space: LabelSpace):
    """MEASURES, the number of rare bins, the most that FDS moves a feature of a training row and the features' SD."""
    y, test, train = torch.from_numpy(draw.source.y), draw.source.test, draw.train
    features = task.encoder(*inputs(draw, test))
    values, rare = similarities(features, draw.source.y[test], space)
    values.append(neighbour_rank_correlation(features, y[test]).item())
    prediction = task.scaler.inverse(task.head(features)).double().numpy()[:, 0]
    evaluation = evaluate(draw.source.y[test], prediction, space)
    moved = (0.0, 0.0)
    if task.calibration is not None:
        given = task.encoder(*inputs(draw, train))
        change = task.calibration.train()(given, y[train]) - given
        moved = (change.abs().max().item(), given.std(0).mean().item())
    return [*values, evaluation["all"]["bmae"], evaluation["few"]["mae"]], rare, moved


def report(name: str, source, seeds: int, epochs: int | None) -> None:
    """Train, measure and print one data set."""
    space = LabelSpace.fit(np.delete(source.y, source.test), source.bins)
    values, ranked, best = ({method: [] for method in METHODS} for _ in range(3))
    moves = []
    for seed in range(seeds):
        draw = training.Draw(source, seed)
        for method in METHODS:
            start = time.perf_counter()
            task, rows, epoch = trained(method, draw, epochs)
            found, rare, moved = measured(task, draw, space)
            values[method].append(found)
            best[method].append(epoch)
            ranked[method] += rows
            moves += [moved] if method == "fds" else []
            print(f"{name} seed {seed} {method}: {time.perf_counter() - start:.1f} s", file=sys.stderr)
    print(f"\n{name}: {source.encoder_name}, {seeds} seeds, batches of {source.batch_size}")
    print(
        f"{len(draw.train)} training and {len(source.test)} test rows, {len(space.bins)} bins, {rare} rare compared"
    )
    counts = [f"{np.mean(ranked[method]):.1f}" for method in METHODS[2:]]
    print(f"rows ranked in a batch, mean: RankSim {counts[0]}, wrong order {counts[1]}")
    change, spread = np.array(moves).T
    print(f"max |FDS output - input| by seed: {change.round(3)}; mean SD of a feature: {spread.mean():.3f}")
    epochs_of = [f"{method} {min(e)} to {max(e)}" for method, e in best.items()]
    print(f"best epoch, by validation: {', '.join(epochs_of)}")

    table = np.array([values[method] for method in METHODS])  # methods x seeds x measures
    mean, sd = table.mean(1), table.std(1, ddof=1)
    print(f"{'mean ± SD':22}" + "".join(f"{method:>20}" for method in METHODS))
    for measure, m, s in zip(MEASURES, mean.T, sd.T, strict=True):
        cells = [f"{a:.4f} ± {b:.4f}" for a, b in zip(m, s, strict=True)]
        print(f"{measure:22}" + "".join(f"{cell:>20}" for cell in cells))
    difference = table[1:] - table[:1]
    mean, half = difference.mean(1), difference.std(1, ddof=1) * student.ppf(0.975, seeds - 1) / seeds**0.5
    print(f"{'minus vanilla [95 %]':22}" + "".join(f"{method:>30}" for method in METHODS[1:]))
    for measure, m, h in zip(MEASURES, mean.T, half.T, strict=True):
        cells = [f"{a:+.4f} [{a - b:+.4f}, {a + b:+.4f}]" for a, b in zip(m, h, strict=True)]
        print(f"{measure:22}" + "".join(f"{cell:>30}" for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="FILE:TARGET")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int)
    args = parser.parse_args()
    if args.seeds < 2:
        parser.error(f"--seeds: expected at least 2 for an interval, got {args.seeds}")
    torch.set_num_threads(1)
    report("digits-rotation", training.ImageSource(digits_rotation()), args.seeds, args.epochs)
    for word in args.tables:
        path, _, target = word.rpartition(":")
        source = training.TableSource(read_table(path, target))
        report(word.rpartition("/")[2], source, args.seeds, args.epochs)


if __name__ == "__main__":
    main()
