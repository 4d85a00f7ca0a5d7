"""What a class offers in public, its own and what it inherits within the package."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from inspect import cleandoc
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock._build.library import FunctionNode, Library, Module, Origin

Kind = Literal["method", "classmethod", "staticmethod", "property", "field", "constant"]

DUNDERS = frozenset(
    {"__aenter__", "__aiter__", "__anext__", "__bool__", "__bytes__", "__call__", "__contains__", "__eq__", "__float__"}
    | {"__fspath__", "__ge__", "__getitem__", "__gt__", "__hash__", "__index__", "__int__", "__iter__", "__le__"}
    | {"__len__", "__lt__", "__ne__", "__str__"}
)
"""Special methods that a twin has as well."""


@dataclass
class Member:
    """One public member: its definition, and the module whose names that definition uses."""

    name: str
    kind: Kind
    module: Module
    nodes: list[FunctionNode]
    """The function; with overloads first if there are any. Empty for fields and constants."""
    annotation: ast.expr | None = None
    """Type of a field or constant, when it can be read off."""
    setter: FunctionNode | None = None
    description: str | None = None
    """The string that follows a field."""
    managed: bool = False
    """Whether it is decorated with `asynccontextmanager`."""

    @property
    def bound(self) -> bool:
        """Whether its first parameter is `self` or `cls`."""
        return self.kind != "staticmethod"

    @property
    def node(self) -> FunctionNode:
        """The implementation."""
        return self.nodes[-1]

    @property
    def doc(self) -> str | None:
        """What is said about it."""
        return ast.get_docstring(self.node) if self.nodes else self.description

    @property
    def where(self) -> str:
        """File and line, for messages."""
        return f"{self.module.path}:{self.nodes[-1].lineno}" if self.nodes else str(self.module.path)


def members(library: Library, origin: Origin) -> dict[str, Member]:
    """Collect public members of a class in order of definition, what it inherits last."""
    found: dict[str, Member] = {}
    skipped: set[str] = set()
    for module, node in ancestry(library, origin):
        skipped |= _skips(node)
        for name, member in _own(module, node).items():
            found.setdefault(name, member)
    return {name: member for name, member in found.items() if name not in skipped}


def ancestry(library: Library, origin: Origin) -> Iterator[tuple[Module, ast.ClassDef]]:
    """Yield a class and those it inherits from within the package, nearest first."""
    node = library.class_of(origin)
    if node is None:
        return
    module = library.required(origin.module)
    yield module, node
    for base in node.bases:
        base = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(base, ast.Name):
            yield from ancestry(library, library.resolve(module, base.id))


def constructor(library: Library, origin: Origin) -> Member | None:
    """Return `__init__`, inherited or not."""
    for module, node in ancestry(library, origin):
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                return Member("__init__", "method", module, [item])
    return None


def is_public(name: str) -> bool:
    """Whether a twin has this name too."""
    return not name.startswith("_") or name in DUNDERS or name == "_repr_html_"


def _skips(node: ast.ClassDef) -> set[str]:
    """Return the names in `__sync_skip__`."""
    for item in node.body:
        match item:
            case ast.Assign(targets=[ast.Name(id="__sync_skip__")], value=value):
                return set(ast.literal_eval(value))
            case ast.AnnAssign(target=ast.Name(id="__sync_skip__"), value=ast.expr() as value):
                return set(ast.literal_eval(value))
            case _:
                pass
    return set()


def _own(module: Module, node: ast.ClassDef) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for item in node.body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            if item.name == "__init__" and isinstance(item, ast.FunctionDef):
                for field in _instance_fields(module, item):
                    found.setdefault(field.name, field)
            elif is_public(item.name):
                _add_function(found, module, item)
        else:
            _add_field(found, module, item)
    for item, after in pairwise(node.body):
        match item, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str() as text)) if name in found:
                found[name].description = cleandoc(text)
            case _:
                pass
    return found


def _add_function(found: dict[str, Member], module: Module, item: FunctionNode) -> None:
    decorators = [ast.unparse(decorator).rsplit(".", 1)[-1] for decorator in item.decorator_list]
    if "setter" in decorators:
        found[item.name].setter = item
    elif item.name in found and found[item.name].nodes:
        found[item.name].nodes.append(item)
    else:
        kind: Kind = "property" if {"property", "cached_property"} & set(decorators) else "method"
        if "classmethod" in decorators:
            kind = "classmethod"
        elif "staticmethod" in decorators:
            kind = "staticmethod"
        found[item.name] = Member(item.name, kind, module, [item], managed="asynccontextmanager" in decorators)


def _add_field(found: dict[str, Member], module: Module, item: ast.stmt) -> None:
    match item:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if is_public(name):
            constant = ast.unparse(annotation).startswith(("ClassVar", "typing.ClassVar"))
            found[name] = Member(name, "constant" if constant else "field", module, [], annotation)
        case ast.Assign(targets=[ast.Name(id=name)]) if is_public(name):
            found[name] = Member(name, "constant", module, [])
        case ast.ClassDef(name=name) if is_public(name):
            found[name] = Member(name, "constant", module, [])
        case _:
            pass


def _instance_fields(module: Module, init: ast.FunctionDef) -> Iterator[Member]:
    """Yield the public attributes that `__init__` sets, with the types that can be read off."""
    arguments = [*init.args.posonlyargs, *init.args.args, *init.args.kwonlyargs]
    types = {argument.arg: argument.annotation for argument in arguments}
    for item in ast.walk(init):
        match item:
            case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=name), annotation=annotation):
                known: ast.expr | None = annotation
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value):
                known = _type_of(value, types)
            case _:
                continue
        if is_public(name):
            yield Member(name, "field", module, [], known)


def _type_of(value: ast.expr, types: dict[str, ast.expr | None]) -> ast.expr | None:
    match value:
        case ast.Name(id=name):
            return types.get(name)
        case ast.Call(func=ast.Name(id=name)) if name[:1].isupper():
            return ast.Name(name)
        case ast.JoinedStr():
            return ast.Name("str")
        case ast.BoolOp(op=ast.Or(), values=[*_, ast.Call() as last]):
            return _type_of(last, types)
        case ast.Constant(value=bool() | int() | float() | str() | bytes()):
            return ast.Name(type(value.value).__name__)
        case _:
            return None
