"""Every error evenreg raises, and every warning it gives, on purpose.

EvenregError
├── InputError (ValueError)               a value, array or table that cannot be used as it is
│   ├── TargetError                       labels: NaN, infinite, text, constant, too few
│   ├── ShapeError                        shapes or lengths that do not go together
│   └── UnknownNameError                  a word, option, column or key nobody knows; nearest offered
├── NotFittedError (RuntimeError)         a part used before its ``fit``
├── MissingFileError (FileNotFoundError)
├── RunFolderError (FileExistsError)      an output folder that holds something already
├── TrainingError (RuntimeError)          training that went nowhere: no epoch with a finite validation error
├── CheckpointError (RuntimeError)        a checkpoint or model folder from something else
└── MissingDependencyError (ImportError)  an optional library that is not installed

LabelRangeWarning (UserWarning)           weights asked for labels outside the training bins

Each text is one sentence: what was expected, of which argument, what came, and the way out.
"""


class EvenregError(Exception):
    """Root of the tree; catches everything evenreg raises on purpose."""


class InputError(EvenregError, ValueError):
    """A value, array or table that cannot be used as it is."""


class TargetError(InputError):
    """Labels that cannot be learned from: NaN, infinite, text, constant, or too few."""


class ShapeError(InputError):
    """Shapes or lengths that do not go together."""


class UnknownNameError(InputError):
    """A word, option, column or key nobody knows."""


class NotFittedError(EvenregError, RuntimeError):
    """A part used before its ``fit``."""


class MissingFileError(EvenregError, FileNotFoundError):
    """A file that is not there."""


class RunFolderError(EvenregError, FileExistsError):
    """An output folder that holds something already."""


class TrainingError(EvenregError, RuntimeError):
    """Training that went nowhere: no epoch with a finite validation error."""


class CheckpointError(EvenregError, RuntimeError):
    """A checkpoint or model folder that belongs to something else."""


class MissingDependencyError(EvenregError, ImportError):
    """An optional library that is not installed."""


class LabelRangeWarning(UserWarning):
    """Weights asked for labels outside the bins of the training labels."""
