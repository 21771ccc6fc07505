"""The shape of the package: exports, abstract-or-final, docstrings, the drawn error tree."""

import abc
import importlib
import inspect
import pkgutil
import re
from typing import final

import pytest

import evenreg
from evenreg import errors

PACKAGES = [f"evenreg.{m.name}" for m in pkgutil.iter_modules(evenreg.__path__) if m.ispkg]


def public(names):
    # The hook that checks types under pytest leaves its own name in every module.
    return [name for name in names if not name.startswith("_") and name != "jaxtyping"]


def ruff_order(name):
    """Constants, classes, the rest: the order that ruff's RUF022 keeps ``__all__`` in."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def all_modules():
    found = pkgutil.walk_packages(evenreg.__path__, "evenreg.")
    return [importlib.import_module(m.name) for m in found if not m.name.endswith("__main__")]


def all_classes():
    seen = {}
    for module in all_modules():
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__.startswith("evenreg"):
                seen[f"{cls.__module__}.{cls.__qualname__}"] = cls
    return seen


def is_abstract(cls):
    return cls.__name__.lstrip("_").startswith("Abstract")


def exported_classes():
    packages = [importlib.import_module(name) for name in PACKAGES]
    return {getattr(p, name) for p in packages for name in p.__all__ if inspect.isclass(getattr(p, name))}


def broken_inheritance(classes, exported):
    """Every breach of 'abstract or final' among ``classes``, in words."""
    breaches = []
    for name, cls in classes.items():
        if is_abstract(cls) and not inspect.isabstract(cls):
            breaches.append(f"{name} can be instantiated")
        if cls in exported and not is_abstract(cls) and not cls.__dict__.get("__final__", False):
            breaches.append(f"{name} is neither Abstract nor @final")
        breaches += [
            f"{name} inherits from the concrete {base.__name__}"
            for base in cls.__bases__
            if base in classes.values() and not is_abstract(base)
        ]
    return breaches


@pytest.mark.parametrize("name", PACKAGES)
def test_package_exports(name):
    package = importlib.import_module(name)
    assert package.__all__ == sorted(package.__all__, key=ruff_order)
    assert len(set(package.__all__)) == len(package.__all__)
    assert sorted(public(dir(package))) == sorted(public(package.__all__))
    for export in package.__all__:
        assert getattr(package, export) is not None
    with pytest.raises(AttributeError):
        _ = package.no_such_name


def test_root_exports():
    assert dir(evenreg) == sorted(evenreg.__all__)
    assert set(evenreg._PACKAGES) == {name.split(".")[1] for name in PACKAGES} | {"errors"}
    for name in evenreg.__all__:
        assert getattr(evenreg, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = evenreg.no_such_name


def test_classes_are_abstract_or_final():
    classes = {name: cls for name, cls in all_classes().items() if cls.__module__ != "evenreg.errors"}
    assert classes
    assert broken_inheritance(classes, exported_classes()) == []


def test_the_inheritance_check_can_fail():
    class AbstractThing(abc.ABC):
        @abc.abstractmethod
        def act(self): ...

    class AbstractHollow: ...

    @final
    class Good(AbstractThing):
        def act(self): ...

    class Loose(AbstractThing):
        def act(self): ...

    class Child(Good): ...

    def told(*classes):
        return broken_inheritance({cls.__name__: cls for cls in classes}, classes)

    assert told(AbstractThing, Good) == []
    assert told(AbstractHollow) == ["AbstractHollow can be instantiated"]
    assert told(Loose) == ["Loose is neither Abstract nor @final"]
    assert "Child inherits from the concrete Good" in told(Good, Child)


def test_every_module_and_public_object_has_a_docstring():
    bare = [module.__name__ for module in all_modules() if len(module.__doc__ or "") < 10]
    for name in PACKAGES:
        package = importlib.import_module(name)
        for export in package.__all__:
            thing = getattr(package, export)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            if not (thing.__doc__ or "").strip():
                bare.append(f"{name}.{export}")
            for member, value in vars(thing).items() if inspect.isclass(thing) else ():
                written_here = inspect.isfunction(value) or isinstance(
                    value, (property, classmethod, staticmethod)
                )
                if written_here and not member.startswith("_") and not inspect.getdoc(getattr(thing, member)):
                    bare.append(f"{name}.{export}.{member}")
    assert bare == []


def drawn_tree(text):
    """``{class: (parent, other base or None)}`` as the docstring draws it."""
    parents, tree = {}, {}
    for line in text.splitlines():
        found = re.match(r"^([│├└─ ]*)(\w+(?:Error|Warning))\b(?: \((\w+)\))?", line)
        if found:
            depth = len(found[1]) // 4
            parents[depth] = found[2]
            tree[found[2]] = (parents.get(depth - 1), found[3])
    return tree


def test_error_tree_is_drawn_as_it_is():
    classes = dict(inspect.getmembers(errors, inspect.isclass))
    tree = drawn_tree(errors.__doc__)
    assert set(tree) == set(classes)
    for name, cls in classes.items():
        parent, other = tree[name]
        bases = [base.__name__ for base in cls.__bases__]
        assert bases == ([b for b in (parent, other) if b] or ["Exception"]), name
