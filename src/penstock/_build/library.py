"""The package as text: its modules parsed, its names followed to where they are defined. Nothing is imported."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Refused(Exception):
    """Public code that has no blocking twin; each line says where and what to change."""


class Origin(NamedTuple):
    """Where a name is defined; `name` is empty when it stands for the module itself."""

    module: str
    name: str


@dataclass
class Module:
    """One parsed file and the names at its top level."""

    name: str
    path: Path
    tree: ast.Module
    imports: dict[str, Origin] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: dict[str, list[FunctionNode]] = field(default_factory=dict)
    assigned: dict[str, ast.expr] = field(default_factory=dict)
    """Values given to names; aliases of types are among them."""


class Library:
    """All modules of one package, parsed when first asked for.

    Args:
        root: The folder that holds the package's folder.
        package: Name of the package.
    """

    def __init__(self, root: Path, package: str) -> None:
        self.root = root
        self.package = package
        self._modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """Return a module of the package, or None for one from elsewhere."""
        if name not in self._modules:
            self._modules[name] = self._parse(name)
        return self._modules[name]

    def required(self, name: str) -> Module:
        """Return a module that must be there."""
        module = self.module(name)
        if module is None:
            raise Refused(f"{name}: there is no such module in {self.root}")
        return module

    def resolve(self, module: Module, name: str) -> Origin:
        """Follow a name through imports to the module of the package that defines it, or out of the package."""
        if name in module.classes or name in module.functions or name in module.assigned:
            return Origin(module.name, name)
        if name in module.imports:
            return self.follow(module.imports[name])
        if hasattr(builtins, name):
            return Origin("builtins", name)
        raise Refused(f"{module.path}: the name {name} is not defined at the top level")

    def follow(self, origin: Origin) -> Origin:
        """Follow re-exports."""
        module = self.module(origin.module)
        if module is None or not origin.name:
            return origin
        if self.module(f"{origin.module}.{origin.name}") is not None and origin.name not in module.imports:
            return Origin(f"{origin.module}.{origin.name}", "")
        return self.resolve(module, origin.name)

    def class_of(self, origin: Origin) -> ast.ClassDef | None:
        """Return the definition of a class of the package, if that is what it is."""
        module = self.module(origin.module)
        return module.classes.get(origin.name) if module else None

    def alias_of(self, origin: Origin) -> ast.expr | None:
        """Return what a name was set to, if it was assigned."""
        module = self.module(origin.module)
        return module.assigned.get(origin.name) if module else None

    def _parse(self, name: str) -> Module | None:
        if name.split(".", 1)[0] != self.package:
            return None
        stem = self.root / name.replace(".", "/")
        path = stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")
        if not path.is_file():
            return None
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        module = Module(name, path, tree)
        for node in _top_level(tree.body):
            _register(module, node)
        return module


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, those under `if TYPE_CHECKING:` and in `try:` among them."""
    for node in body:
        if isinstance(node, ast.If):
            yield from _top_level(node.body)
            yield from _top_level(node.orelse)
        elif isinstance(node, ast.Try):
            yield from _top_level(node.body)
        else:
            yield node


def _register(module: Module, node: ast.stmt) -> None:
    match node:
        case ast.Import(names=names):
            module.imports |= dict(map(_imported, names))
        case ast.ImportFrom(module=source, names=names, level=0) if source:
            module.imports |= {alias.asname or alias.name: Origin(source, alias.name) for alias in names}
        case ast.ClassDef(name=name):
            module.classes[name] = node
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            module.functions.setdefault(name, []).append(node)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            module.assigned[name] = value
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            module.assigned[name] = value
        case _:
            pass


def _imported(alias: ast.alias) -> tuple[str, Origin]:
    """Return the name that `import a.b` or `import a.b as c` binds, and the module it stands for."""
    target = alias.name if alias.asname else alias.name.split(".", 1)[0]
    return alias.asname or target, Origin(target, "")
