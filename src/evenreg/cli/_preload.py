"""What every worker process of a comparison needs, imported once in the process that they are forked from."""

import evenreg.cli._trainer
import evenreg.training._cell
import evenreg.training._table_source  # noqa: F401
