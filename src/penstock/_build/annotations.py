"""From the types of the asynchronous world to those of the blocking one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from penstock._build.library import Library, Module, Origin, Refused
from penstock._build.members import members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Shape = Literal["plain", "awaitable", "iterator", "pager", "manager"]

ABC = ("collections.abc", "typing", "typing_extensions")
ITERATORS = {"AsyncIterator", "AsyncIterable", "AsyncGenerator"}
MANAGERS = {"AbstractAsyncContextManager", "AsyncContextManager"}
AWAITABLES = {"Awaitable", "Coroutine", "Future", "Task"}


class Types:
    """What can be said of annotations in the package, seen from the module that they stand in."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._asynchronous: dict[Origin, bool] = {}

    def origin(self, module: Module, expression: ast.expr) -> Origin | None:
        """Return what a name, dotted or not, stands for."""
        match expression:
            case ast.Name(id=name):
                return self.library.resolve(module, name)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                base = self.library.resolve(module, name)
                return self.library.follow(Origin(base.module, attribute)) if not base.name else None
            case _:
                return None

    def shape(self, module: Module, annotation: ast.expr) -> tuple[Shape, ast.expr]:
        """Return how a result is used, and the type of what it yields in the end."""
        annotation = unquoted(annotation)
        if not isinstance(annotation, ast.Subscript):
            return "plain", annotation
        origin = self.origin(module, annotation.value)
        inner = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        if origin is None:
            return "plain", annotation
        if self.is_pager(origin):
            return "pager", inner[0]
        if origin.module in (*ABC, "contextlib", "asyncio"):
            if origin.name in ITERATORS:
                return "iterator", inner[0]
            if origin.name in MANAGERS:
                return "manager", inner[0]
            if origin.name in AWAITABLES:
                return "awaitable", inner[-1]
        return "plain", annotation

    def is_pager(self, origin: Origin) -> bool:
        """Whether this is a class of the package that can be both awaited and iterated over."""
        node = self.library.class_of(origin)
        names = (
            {item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
            if node
            else set()
        )
        return {"__await__", "__aiter__"} <= names

    def is_asynchronous(self, origin: Origin) -> bool:
        """Whether objects of this class need a twin: something public of theirs is to be awaited."""
        if origin not in self._asynchronous:
            self._asynchronous[origin] = False
            self._asynchronous[origin] = self._find_out(origin)
        return self._asynchronous[origin]

    def mentioned(self, module: Module, annotation: ast.expr | None) -> Iterator[Origin]:
        """Yield every class and alias of the package in an annotation, also those behind aliases."""
        if annotation is None:
            return
        for node in ast.walk(unquoted(annotation)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                continue
            if not isinstance(node, ast.Name | ast.Attribute):
                continue
            origin = self.origin(module, node)
            if origin is None or self.library.module(origin.module) is None:
                continue
            yield origin
            alias = self.library.alias_of(origin)
            if alias is not None and origin.name[:1].isupper():
                yield from self.mentioned(self.library.required(origin.module), alias)

    def foreign(self, module: Module, annotation: ast.expr | None) -> str:
        """Name what in a parameter's type only an event loop can use; empty if nothing."""
        for node in ast.walk(unquoted(annotation)) if annotation is not None else ():
            if isinstance(node, ast.Name):
                origin = self.origin(module, node)
                if origin and origin.module in ABC and origin.name in ITERATORS | AWAITABLES | MANAGERS:
                    return origin.name
        return ""

    def is_callback(self, module: Module, annotation: ast.expr | None) -> bool:
        """Whether a parameter takes a function that only is told things, and so may run elsewhere."""
        if annotation is None:
            return False
        for part in alternatives(unquoted(annotation)):
            origin = self.origin(module, part.value if isinstance(part, ast.Subscript) else part)
            if origin is None:
                continue
            alias = self.library.alias_of(origin)
            if alias is not None and self.is_callback(self.library.required(origin.module), alias):
                return True
            if origin.name == "Callable" and origin.module in ABC and isinstance(part, ast.Subscript):
                result = part.slice.elts[-1] if isinstance(part.slice, ast.Tuple) else None
                return isinstance(result, ast.Constant) and result.value is None
        return False

    def _find_out(self, origin: Origin) -> bool:
        node = self.library.class_of(origin)
        if node is None or self.is_pager(origin) or any("Protocol" in ast.unparse(base) for base in node.bases):
            return False
        for member in members(self.library, origin).values():
            for function in member.nodes:
                if isinstance(function, ast.AsyncFunctionDef) or member.name == "__aiter__" or member.managed:
                    return True
                if function.returns is not None and self.shape(member.module, function.returns)[0] != "plain":
                    return True
        return False


class Rewriter(ast.NodeTransformer):
    """Writes an annotation for the generated module.

    Args:
        types: Knows what names stand for.
        module: The module that the annotation stands in.
        name: Makes a name available in the generated module, and returns what it is called there.
        twins: The classes that have a twin.
    """

    def __init__(self, types: Types, module: Module, name: Callable[[Origin, str], str], twins: set[Origin]) -> None:
        self.types = types
        self.module = module
        self.name = name
        self.twins = twins

    def rewrite(self, annotation: ast.expr) -> str:
        """Return the annotation as source."""
        copy = ast.parse(ast.unparse(unquoted(annotation)), mode="eval").body
        return ast.unparse(self.visit(copy))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace a name by what it is called in the generated module."""
        origin = self.types.library.resolve(self.module, node.id)
        alias = self.types.library.alias_of(origin)
        if alias is not None and self.twins & set(self.types.mentioned(self.module, node)):
            other = Rewriter(self.types, self.types.library.required(origin.module), self.name, self.twins)
            return ast.parse(other.rewrite(alias), mode="eval").body
        return ast.Name(self.name(origin, node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Keep dotted names, whose first part is a module."""
        origin = self.types.origin(self.module, node)
        if origin is not None and origin in self.twins:
            return ast.Name(self.name(origin, node.attr))
        return ast.Attribute(self.visit(node.value), node.attr)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Leave literals alone and drop annotations of annotations."""
        origin = self.types.origin(self.module, node.value)
        if origin and origin.name == "Literal":
            return ast.Subscript(self.visit(node.value), node.slice)
        if origin and origin.name == "Annotated" and isinstance(node.slice, ast.Tuple):
            return self._visited(node.slice.elts[0])
        if origin and self.types.is_pager(origin):
            raise Refused(f"{self.module.path}: a Pager can only be the whole result of a plain function")
        return ast.Subscript(self.visit(node.value), self.visit(node.slice))

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Read quoted annotations."""
        if isinstance(node.value, str):
            return self._visited(unquoted(node))
        return node

    def _visited(self, node: ast.expr) -> ast.expr:
        written: ast.expr = self.visit(node)
        return written


def unquoted(annotation: ast.expr) -> ast.expr:
    """Return the expression inside a quoted annotation."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return ast.parse(annotation.value, mode="eval").body
    return annotation


def alternatives(annotation: ast.expr) -> Iterator[ast.expr]:
    """Yield the members of a union written with `|`."""
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        yield from alternatives(annotation.left)
        yield from alternatives(annotation.right)
    else:
        yield annotation
