"""``python -m evenreg``: the command line where the ``evenreg`` script is not on the path."""

import sys

from evenreg.cli import main

if __name__ == "__main__":
    sys.exit(main())
