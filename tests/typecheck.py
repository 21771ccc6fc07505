"""Beartype as the tests use it: `Self` is read as "any object", since methods are decorated one by one."""

from typing import Any, Self

from beartype import BeartypeConf, FrozenDict, beartype

checked = beartype(conf=BeartypeConf(hint_overrides=FrozenDict({Self: Any})))
