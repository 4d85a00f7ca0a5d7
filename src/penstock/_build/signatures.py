"""Signatures of twins: the types that callers see, and the arguments as the bridge passes them on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from penstock._build.annotations import Rewriter, Shape, Types
from penstock._build.library import FunctionNode, Module, Origin, Refused

if TYPE_CHECKING:
    from penstock._build.members import Member
    from penstock._build.output import File


class Signatures:
    """Translates what stands between the parentheses and behind the arrow.

    Args:
        types: What names in the package mean.
        homes: Classes that have a twin, and the generated module of each.
        file: The generated module that it is for.
    """

    def __init__(self, types: Types, homes: dict[Origin, str], file: File) -> None:
        self.types = types
        self.homes = homes
        self.file = file

    def check(self, member: Member, owner: str) -> None:
        """Refuse parameters without type, and those that only an event loop can use."""
        problems = [problem for node in member.nodes for problem in self._problems(member, node)]
        if problems:
            raise Refused("\n".join(f"{member.where}: {owner}.{member.name} {problem}" for problem in problems))

    def shape(self, member: Member) -> Shape:
        """Return how the result of a method is used."""
        node = member.node
        shape, _ = self.types.shape(member.module, _returns(member, node))
        if member.managed:
            return "manager"
        if not isinstance(node, ast.AsyncFunctionDef):
            return shape
        if shape == "iterator" and any(isinstance(part, ast.Yield) for part in ast.walk(node)):
            return shape
        if shape != "plain":
            raise Refused(
                f"{member.where}: {member.name} is a coroutine whose result is asynchronous again: make it a plain def"
            )
        return "awaitable"

    def result(self, member: Member, node: FunctionNode) -> tuple[str, bool]:
        """Return the type of what a caller gets in the end, and whether objects in it have twins."""
        returns = _returns(member, node)
        _, inner = self.types.shape(member.module, returns)
        return self.annotation(member.module, inner), self.lifts(member.module, inner)

    def parameters(self, member: Member, node: FunctionNode) -> str:
        """Return the parameters as source, types and defaults included."""
        copy = ast.parse(f"def f({ast.unparse(node.args)}): ...").body[0]
        assert isinstance(copy, ast.FunctionDef)
        for argument in every(copy.args):
            if argument.annotation is not None:
                text = self.annotation(member.module, argument.annotation)
                argument.annotation = ast.parse(text, mode="eval").body
        for default in [*copy.args.defaults, *copy.args.kw_defaults]:
            for name in ast.walk(default) if default is not None else ():
                if isinstance(name, ast.Name):
                    origin = self.types.library.resolve(member.module, name.id)
                    name.id = self.file.use(origin, name.id, runtime=True)
        return ast.unparse(copy.args)

    def arguments(self, member: Member) -> list[str]:
        """Return the arguments as they are passed on: by position or by name, as they are declared."""
        given = member.node.args
        plain = [*given.posonlyargs, *given.args][1 if member.bound else 0 :]
        parts = [self._passed(member, argument) for argument in plain]
        if given.vararg is not None:
            parts.append(f"*{self._passed(member, given.vararg)}")
        parts += [f"{argument.arg}={self._passed(member, argument)}" for argument in given.kwonlyargs]
        if given.kwarg is not None:
            parts.append(f"**{self._passed(member, given.kwarg)}")
        return parts

    def lifts(self, module: Module, annotation: ast.expr | None) -> bool:
        """Whether a type holds objects that have twins."""
        if annotation is None:
            return False
        names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
        return "Self" in names or any(origin in self.homes for origin in self.types.mentioned(module, annotation))

    def annotation(self, module: Module, annotation: ast.expr) -> str:
        """Return an annotation as source for the generated module."""
        return Rewriter(self.types, module, self._name, set(self.homes)).rewrite(annotation)

    def _name(self, origin: Origin, spelled: str) -> str:
        home = self.homes.get(origin)
        if home is None:
            return self.file.use(origin, spelled)
        twin = Origin(home, origin.name)
        if home == self.file.name:
            return self.file.claim(origin.name, twin)
        return self.file.use(twin, origin.name, runtime=True)  # when it runs too: importing a twin makes it known

    def _passed(self, member: Member, argument: ast.arg) -> str:
        if self.types.is_callback(member.module, argument.annotation):
            if member.name == "__init__" or self.shape(member) in ("plain", "pager"):
                raise Refused(
                    f"{member.where}: {member.name}: the callback {argument.arg} may be called when nobody waits for it"
                )
            return f"{self.file.bridge('here')}({argument.arg})"
        if self.lifts(member.module, argument.annotation) or member.name == "__eq__":
            return f"{self.file.bridge('lower')}({argument.arg})"
        return argument.arg

    def _problems(self, member: Member, node: FunctionNode) -> list[str]:
        problems: list[str] = []
        for argument in every(node.args)[1 if member.bound else 0 :]:
            if argument.annotation is None:
                problems.append(f"needs a type for its parameter {argument.arg}")
            elif foreign := self.types.foreign(member.module, argument.annotation):
                problems.append(f"takes an {foreign} as {argument.arg}, which no blocking caller has")
        if node.returns is None:
            problems.append("needs a return type")
        return problems


def every(arguments: ast.arguments) -> list[ast.arg]:
    """List all parameters, in order but for `*args` and `**kwargs`, which come last."""
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def _returns(member: Member, node: FunctionNode) -> ast.expr:
    if node.returns is None:
        raise Refused(f"{member.where}: {member.name} needs a return type")
    return node.returns
