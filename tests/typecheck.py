"""Beartype as the tests use it: closer to static type checking than by default.

`Self` is read as "any object", since methods are decorated one by one; an int passes for a float (PEP 484).
"""

from typing import Any, Self

from beartype import BeartypeConf, FrozenDict, beartype

checked = beartype(conf=BeartypeConf(hint_overrides=FrozenDict({Self: Any}), is_pep484_tower=True))
