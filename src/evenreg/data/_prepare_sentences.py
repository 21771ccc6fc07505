"""From the three files of STS-B-DIR to a prepared folder."""

from pathlib import Path

from evenreg.data._manifest import Manifest, check_empty
from evenreg.data._sentence_pairs import PAIRS
from evenreg.data._sts_b import read_sts_b
from evenreg.data._verification import Verification
from evenreg.errors import InputError

# Of the test rows; in the papers' split 1.5 % lie in training, too, and 69 % of its test rows lie in RankSim's.
_MOST_DOUBLES = 0.1


def prepare_sentences(source: str | Path, to: str | Path, *, stand_in: bool = False) -> Verification:
    """Read, check and keep STS-B-DIR.

    Two draws of it are about, that of papers/000 and that of RankSim's repository, and numbers of one say nothing
    about the other. Which one it is, is told; files of both together are refused.

    Args:
        source: Folder of ``train_new.tsv``, ``dev_new.tsv`` and ``test_new.tsv``.
        to: The folder to make.
        stand_in: Say that these are not the papers' data, so that `verify` does not ask for their counts.

    Returns:
        What is in the folder, as `verify` finds it.

    Raises:
        MissingFileError: A file that is not there.
        RunFolderError: ``to`` holds something else.
        InputError: A row that cannot be read, or files of two draws.
        TargetError: A score that is no number from 0 to 5.

    Papers: papers/000 B.3.
    """
    to = Path(to)
    check_empty(to, (PAIRS,))
    pairs = read_sts_b(source)
    doubles, test = pairs.facts.doubles["train", "test"], pairs.facts.rows[2]
    if doubles > _MOST_DOUBLES * test:
        raise InputError(
            f"{source}: expected three files of one draw, got {doubles:,} of {test:,} test pairs in the training "
            "file, too; take all three from one source (RankSim's repository has another draw than DIR's)."
        )
    pairs.write(to)
    manifest = Manifest.of(pairs.benchmark, to, (PAIRS,), stand_in=stand_in, **pairs.facts.to_dict())
    manifest.write(to)
    return Verification(to, manifest, (), pairs.facts)
