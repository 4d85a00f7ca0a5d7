"""What every model of a service's answer has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from penstock.errors import UnexpectedResponse

if TYPE_CHECKING:
    from collections.abc import Mapping


class Answer(BaseModel):
    """A record of what a service answered: frozen, tolerant of fields it does not know, the answer itself in `.raw`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    _raw: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def raw(self) -> Mapping[str, Any]:
        """The service's own answer, untouched."""
        return self._raw

    @classmethod
    def parse(cls, values: Any, **context: Any) -> Self:
        """Check one answer and keep it beside what was understood.

        Args:
            values: The decoded JSON.
            context: What the model's validators need to know beyond the answer.

        Raises:
            UnexpectedResponse: A field that the client relies on is missing or of another type.
        """
        try:
            answer = cls.model_validate(values, context=context)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in problem["loc"]) or "the answer"
            raise UnexpectedResponse(f"{cls.__name__}: {where}: {problem['msg']}") from None
        answer._raw = values
        return answer
