"""What an import loads, seen from a fresh interpreter: one spawn, one fork of it for every check."""

import json
import subprocess
import sys

import pytest

WATCHED = ("numpy", "pandas", "torch", "torchmetrics", "lightning", "matplotlib", "sklearn", "skrub", "rich")
HEAVY = {"torch", "torchmetrics", "lightning"}

TABLE = """
with open('t.csv', 'w') as table:
    table.write('y,p\\n' + ''.join(f'{i % 9},{i % 7}\\n' for i in range(99)))
"""

# name: (code, must load, must not load)
CHECKS = {
    "package": ("import evenreg; dir(evenreg)", set(), set(WATCHED)),
    "help": ("from evenreg.cli import main; assert main(['--help']) == 0", set(), set(WATCHED)),
    "version": ("from evenreg.cli import main; assert main(['--version']) == 0", set(), set(WATCHED)),
    "diagnose --help": (
        "from evenreg.cli import main; assert main(['diagnose', '--help']) == 0",
        set(),
        HEAVY | {"pandas"},
    ),
    "compare --help": (
        "from evenreg.cli import main; assert main(['compare', '--help']) == 0",
        set(),
        HEAVY | {"pandas"},
    ),
    "labels": ("import evenreg.labels; dir(evenreg.labels)", {"numpy"}, HEAVY | {"sklearn", "pandas"}),
    "sample_weight": ("import evenreg; evenreg.sample_weight([1, 1, 1, 2, 2, 5])", {"numpy"}, HEAVY),
    "evaluation": ("import evenreg.evaluation as e; [getattr(e, n) for n in e.__all__]", {"numpy"}, HEAVY),
    "published": (
        "import evenreg.evaluation as e; e.published('agedb-dir').identity()",
        {"numpy"},
        HEAVY | {"pandas", "sklearn"},
    ),
    "plots": ("import evenreg.plots; dir(evenreg.plots)", set(), HEAVY | {"matplotlib"}),
    "losses": (
        "import evenreg.losses as l; [getattr(l, n) for n in l.__all__]",
        {"torch"},
        {"torchmetrics", "lightning"},
    ),
    "features": (
        "import evenreg.features as f; [getattr(f, n) for n in f.__all__]",
        {"torch"},
        {"torchmetrics", "lightning"},
    ),
    "heads": (
        "import evenreg.heads as h; [getattr(h, n) for n in h.__all__]",
        {"torch"},
        {"torchmetrics", "lightning"},
    ),
    "metric functions": (
        "import evenreg.metrics as m; m.mae([1], [2]); m.group_distance([1], [2])",
        {"numpy"},
        HEAVY,
    ),
    "resampling": ("import evenreg.resampling; dir(evenreg.resampling)", set(), set(WATCHED)),
    "samplers": (
        "import evenreg.resampling as r; s = [getattr(r, n) for n in r.__all__]\n"
        "for c in (r.SMOTER, r.SMOGN, r.GaussianNoise, r.RandomOver, r.RandomUnder, r.WERCS):\n"
        "    c(relevance=[[50, 0], [60, 1]]).fit_resample([[i, i % 7] for i in range(99)], list(range(99)))",
        {"sklearn"},
        HEAVY | {"skrub"},
    ),
    "diagnose array": ("import evenreg; str(evenreg.diagnose([i % 9 for i in range(99)]))", {"numpy"}, HEAVY),
    "diagnose": (
        TABLE + "from evenreg.cli import main; assert main(['diagnose', 't.csv', '--target', 'y']) == 0",
        {"pandas"},
        HEAVY | {"matplotlib"},
    ),
    "resample --help": (
        "from evenreg.cli import main; assert main(['resample', '--help']) == 0",
        set(),
        HEAVY | {"pandas", "sklearn"},
    ),
    "resample": (
        TABLE + "from evenreg.cli import main\n"
        "for method in ('smogn + lds', 'smoter', 'gn', 'ro', 'ru', 'wercs'):\n"
        "    words = ['--method', method, '--out', 'u.csv', '--overwrite', '--relevance', '7:0,8:1']\n"
        "    words = words[:5] if 'lds' in method else words\n"
        "    assert main(['resample', 't.csv', '--target', 'y', *words]) == 0",
        {"pandas", "sklearn"},
        HEAVY | {"skrub", "matplotlib"},
    ),
    "evaluate": (
        TABLE + "from evenreg.cli import main\n"
        "assert main(['evaluate', 't.csv', '--target', 'y', '--prediction', 'p', '--train', 't.csv']) == 0",
        {"pandas"},
        HEAVY | {"matplotlib"},
    ),
    "data --help": (
        "from evenreg.cli import main; assert main(['data', 'prepare', 'agedb-dir', '--help']) == 0",
        set(),
        set(WATCHED),
    ),
    "benchmark --help": (
        "from evenreg.cli import main; assert main(['benchmark', '--help']) == 0",
        set(),
        HEAVY | {"pandas", "sklearn"},
    ),
    "benchmark synthetic --list": (
        "from evenreg.cli import main; assert main(['benchmark', 'synthetic', '--list']) == 0",
        {"numpy"},
        HEAVY | {"sklearn"},
    ),
    "data verify": (
        "from evenreg.cli import main; from evenreg.errors import MissingFileError as E\n"
        "import evenreg.data as d\ntry: d.verify('nowhere')\nexcept E: pass",
        {"numpy"},
        HEAVY | {"sklearn", "matplotlib", "skrub"},
    ),
    "a check that must fail": ("import numpy", set(), {"numpy"}),
    "a check whose code breaks": ("import evenreg.no_such_room", set(), set()),
}

# A fork starts from a bare interpreter as a spawn does, and costs milliseconds.
RUNNER = """
import io, json, os, sys, traceback, contextlib
checks, watched = json.load(sys.stdin)
found = {}
for name, code in checks.items():
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, {})
            said = [m for m in watched if m in sys.modules]
        except BaseException:
            said = traceback.format_exc()
        with os.fdopen(write, "w") as pipe:
            json.dump(said, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        found[name] = json.load(pipe)
    os.waitpid(child, 0)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    codes = {name: code for name, (code, _, _) in CHECKS.items()}
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps([codes, WATCHED]),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path_factory.mktemp("imports"),
    )
    return json.loads(done.stdout)


def offences(name, loaded):
    """What is wrong with one check, in words; empty when nothing is."""
    _, wanted, banned = CHECKS[name]
    if isinstance(loaded[name], str):
        return loaded[name]
    extra, lacking = banned & set(loaded[name]), wanted - set(loaded[name])
    return "".join(
        [f"loads {sorted(extra)}" if extra else "", f"never loads {sorted(lacking)}" if lacking else ""]
    )


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
@pytest.mark.parametrize("name", [n for n in CHECKS if not n.startswith("a check")])
def test_loads_only_what_it_should(name, loaded):
    assert not offences(name, loaded)


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
def test_the_check_itself_can_fail(loaded):
    assert offences("a check that must fail", loaded) == "loads ['numpy']"
    assert "ModuleNotFoundError" in offences("a check whose code breaks", loaded)
