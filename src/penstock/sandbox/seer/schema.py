"""The service's schema, its scalars, and queries that are parsed and checked once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Protocol

from graphql import (
    GraphQLError,
    GraphQLScalarType,
    build_schema,
    parse,
    validate,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import DocumentNode, GraphQLSchema

REMEMBERED_LENGTH = 20_000
CAPITAL = re.compile(r"[A-Z]")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Checked:
    """A query as parsed, with what is wrong with it."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]


@cache
def seer_schema() -> GraphQLSchema:
    """Build the schema, with scalars that refuse what the service would refuse."""
    schema = build_schema(files("penstock.sandbox.seer").joinpath("schema.graphql").read_text(encoding="utf-8"))
    for name in ("PaginationAmount", "NonNegativeInt"):
        _install(schema, name, _amount)
    _install(schema, "Date", _date)
    return schema


def checked(query: str) -> Checked:
    """Parse and validate a query; short ones are remembered."""
    return _remembered(query) if len(query) <= REMEMBERED_LENGTH else _check(query)


@lru_cache(maxsize=256)
def _remembered(query: str) -> Checked:
    return _check(query)


def _check(query: str) -> Checked:
    try:
        document = parse(query)
    except GraphQLError as error:
        return Checked(None, (error,))
    return Checked(document, tuple(validate(seer_schema(), document)))


def _install(schema: GraphQLSchema, name: str, check: Callable[[Any], Any]) -> None:
    """Give a scalar its check; those of a schema built from text have none until they are made anew."""
    scalar = schema.type_map[name]
    assert isinstance(scalar, GraphQLScalarType)
    GraphQLScalarType.__init__(scalar, name, parse_value=check, ast_node=scalar.ast_node)


def _amount(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise GraphQLError(f"Expected a non-negative integer, not {value!r}")
    return value


def _date(value: Any) -> str:
    if not isinstance(value, str) or DATE.fullmatch(value) is None:
        raise GraphQLError(f"Expected a date, not {value!r}")
    return value


class Asked(Protocol):
    """What of a query's information a resolver looks at."""

    @property
    def field_name(self) -> str:
        """The field in the schema's spelling."""
        ...


def resolved(source: Any, info: Asked, **arguments: Any) -> Any:
    """Resolve a field of a mapping by its own name, of an object by that name in Python's spelling.

    A function is called with the arguments, their names spelt Python's way too.
    """
    value = source.get(info.field_name) if isinstance(source, dict) else getattr(source, snake(info.field_name))
    return value(**{snake(name): given for name, given in arguments.items()}) if callable(value) else value


@cache
def snake(name: str) -> str:
    """Spell a name of the schema the way Python does; `from` is a word of the language and gets a tail."""
    spelt = CAPITAL.sub(lambda match: f"_{match[0].lower()}", name)
    return f"{spelt}_" if iskeyword(spelt) else spelt
