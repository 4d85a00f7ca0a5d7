"""Writes the blocking twin of one class or function: one line of code a method, the rest is types and docstrings."""

from __future__ import annotations

import ast
from textwrap import indent
from typing import TYPE_CHECKING

from penstock._build.library import Library, Module, Origin, Refused
from penstock._build.members import Member, constructor, members
from penstock._build.output import File, definition, docstring
from penstock._build.signatures import Signatures, every

if TYPE_CHECKING:
    from penstock._build.annotations import Types

EXIT = '''def __exit__(
    self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> bool | None:
    """Close it, and wait until that is done."""
    return self._exit(kind, error, trace)'''


def add_function(file: File, signatures: Signatures, module: Module, name: str) -> None:
    """Write the twin of a coroutine function."""
    nodes = module.functions[name]
    member = Member(name, "staticmethod", module, [nodes[-1]])
    if not isinstance(nodes[-1], ast.AsyncFunctionDef) or len(nodes) > 1 or signatures.shape(member) != "awaitable":
        raise Refused(f"{member.where}: {name} must be one coroutine function, without overloads")
    signatures.check(member, module.name)
    file.sources.add(module.name)
    original = file.use(Origin(module.name, name), f"_async_{name}", runtime=True)
    result, lifted = signatures.result(member, member.node)
    value = f"{file.bridge('call')}({', '.join([original, *signatures.arguments(member)])})"
    body = f"return {file.bridge('lift')}({value})" if lifted else f"return {value}"
    head = f"def {name}({signatures.parameters(member, member.node)}) -> {result}:"
    file.blocks.append(definition(head, ast.get_docstring(member.node), body))


class TwinClass:
    """Writes one class.

    Args:
        library: The package.
        types: What names in it mean.
        homes: Classes that have a twin, and the generated module of each.
        file: Where it goes.
        origin: The asynchronous class.
    """

    def __init__(self, library: Library, types: Types, homes: dict[Origin, str], file: File, origin: Origin) -> None:
        self.library = library
        self.file = file
        self.origin = origin
        self.signatures = Signatures(types, homes, file)
        self.types = types
        self.original = file.use(origin, f"Async{origin.name}", runtime=True)
        self.members = members(library, origin)
        self.refusals: list[str] = []

    def write(self, *, public: str | None) -> list[str]:
        """Add the class to its file, and return what had to be refused.

        Args:
            public: The name under which users make objects of it themselves; others have no constructor.
        """
        node = self.library.class_of(self.origin)
        assert node is not None
        self.file.sources.add(self.origin.module)
        name = self.origin.name
        lead = f"Blocking twin of `{public or f'{self.origin.module}.{name}'}`."
        parts = [docstring(ast.get_docstring(node), lead)]
        if public:
            parts.append(self._constructor())
        parts += [self._guarded(member) for member in self.members.values()]
        body = indent("\n\n".join(part for part in parts if part), "    ")
        head = f"class {name}({self.file.bridge('Bridged')}[{self.original}], twin_of={self.original}):"
        self.file.blocks.append(f"{head}\n{body}\n")
        return self.refusals

    def _guarded(self, member: Member) -> str:
        try:
            return self._member(member)
        except Refused as refusal:
            self.refusals.append(str(refusal))
            return ""

    def _constructor(self) -> str:
        member = constructor(self.library, self.origin)
        if member is None:
            return f"def __init__(self) -> None:\n    self._adopt({self.original}())"
        if any(self.types.foreign(member.module, argument.annotation) for argument in every(member.node.args)):
            return ""  # made of asynchronous parts, and so only made by a client
        try:
            self.signatures.check(member, self.origin.name)
            arguments = ", ".join(self.signatures.arguments(member))
        except Refused as refusal:
            self.refusals.append(str(refusal))
            return ""
        head = f"def __init__({self.signatures.parameters(member, member.node)}) -> None:"
        return definition(head, None, f"self._adopt({self.original}({arguments}))")

    def _member(self, member: Member) -> str:
        match member.kind, member.name:
            case _, "__aenter__":
                return self._manager(member)
            case _, "__aiter__":
                return self._iterator(member)
            case _, "__anext__":
                return ""
            case _, "aclose":
                return definition("def close(self) -> None:", member.doc, "self._close(self._async.aclose)")
            case "constant", _:
                return self._constant(member)
            case (("field" | "property"), _):
                return self._property(member)
            case _:
                self.signatures.check(member, self.origin.name)
                return self._method(member)

    def _manager(self, member: Member) -> str:
        self.file.use(Origin("types", "TracebackType"), "TracebackType")
        result, _ = self.signatures.result(member, member.node)
        body = "return self._enter()"
        if ast.unparse(member.node.returns or ast.Name("Self")).strip("'\"") in ("Self", self.origin.name):
            result = self.file.use(Origin("typing", "Self"), "Self")
            body = "self._enter()\nreturn self"
        return definition(f"def __enter__(self) -> {result}:", "Open it.", body) + "\n\n" + EXIT

    def _iterator(self, member: Member) -> str:
        source = member
        if member.node.returns is not None and self.types.shape(member.module, member.node.returns)[0] != "iterator":
            if "__anext__" not in self.members:
                raise Refused(f"{member.where}: {self.origin.name}.__aiter__ must return AsyncIterator[...]")
            source = self.members["__anext__"]
        item, _ = self.signatures.result(source, source.node)
        head = f"def __iter__(self) -> {self.file.bridge('Stream')}[{item}]:"
        return definition(head, member.doc, "return self._iterate(self._async.__aiter__)")

    def _constant(self, member: Member) -> str:
        value = f"{self.original}.{member.name}"
        if member.annotation is None:
            return f"{member.name} = {value}"
        return f"{member.name}: {self.signatures.annotation(member.module, member.annotation)} = {value}"

    def _property(self, member: Member) -> str:
        annotation = member.node.returns if member.nodes else member.annotation
        if annotation is None:
            raise Refused(
                f"{member.where}: the type of {self.origin.name}.{member.name} cannot be read off: "
                f"annotate it, rename it _{member.name}, or list it in __sync_skip__"
            )
        if member.nodes and isinstance(member.node, ast.AsyncFunctionDef):
            raise Refused(f"{member.where}: {self.origin.name}.{member.name} is an async property: make it a method")
        result = self.signatures.annotation(member.module, annotation)
        lifted = self.signatures.lifts(member.module, annotation)
        value = f"self._async.{member.name}"
        body = f"return {self.file.bridge('lift')}({value})" if lifted else f"return {value}"
        parts = [definition(f"def {member.name}(self) -> {result}:", member.doc, body, "property")]
        if member.setter is not None:
            given = f"{self.file.bridge('lower')}(value)" if lifted else "value"
            head = f"def {member.name}(self, value: {result}) -> None:"
            parts.append(definition(head, None, f"{value} = {given}", f"{member.name}.setter"))
        return "\n\n".join(parts)

    def _method(self, member: Member) -> str:
        *overloads, node = member.nodes
        head = [] if member.kind == "method" else [member.kind]
        parts: list[str] = []
        for variant in overloads:
            overload = self.file.use(Origin("typing", "overload"), "overload", runtime=True)
            result, _ = self._call(member, *self.signatures.result(member, variant))
            signature = self.signatures.parameters(member, variant)
            parts.append(definition(f"def {member.name}({signature}) -> {result}: ...", None, "", overload, *head))
        result, value = self._call(member, *self.signatures.result(member, node))
        signature = self.signatures.parameters(member, node)
        parts.append(definition(f"def {member.name}({signature}) -> {result}:", member.doc, f"return {value}", *head))
        return "\n\n".join(parts)

    def _call(self, member: Member, result: str, lifted: bool) -> tuple[str, str]:
        """Return type and expression of the one line that a method consists of."""
        shape = self.signatures.shape(member)
        untyped = "self._any" if len(member.nodes) > 1 else "self._async"
        function = f"{untyped if member.kind == 'method' else self.original}.{member.name}"
        arguments = self.signatures.arguments(member)
        passed = ", ".join([function, *arguments])
        bound = member.kind == "method"
        if not bound and shape not in ("plain", "awaitable"):
            raise Refused(f"{member.where}: {member.name}: a {member.kind} cannot be an iterator, a pager or a manager")
        match shape:
            case "iterator":
                return f"{self.file.bridge('Stream')}[{result}]", f"self._iterate({passed})"
            case "pager":
                return f"{self.file.bridge('SyncPager')}[{result}]", f"self._page({passed})"
            case "manager":
                manager = self.file.use(Origin("contextlib", "AbstractContextManager"), "AbstractContextManager")
                return f"{manager}[{result}]", f"self._manage({passed})"
            case "awaitable":
                value = f"self._call({passed})" if bound else f"{self.file.bridge('call')}({passed})"
            case _:
                value = f"{function}({', '.join(arguments)})"
        return result, f"{self.file.bridge('lift')}({value})" if lifted else value
