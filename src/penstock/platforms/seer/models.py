"""Typed answers of the service. All instants are milliseconds since 1970 (UTC), as floats with sub-ms fractions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator
from pydantic.alias_generators import to_camel

from penstock.errors import Closed
from penstock.platforms.answer import Answer
from penstock.platforms.seer.instants import moment

if TYPE_CHECKING:
    from penstock.platforms.seer.client import Seer

T = TypeVar("T")


def _present(values: Any) -> Any:
    """Read a null list as an empty one, and skip null entries: the service knows both."""
    return [value for value in values if value is not None] if isinstance(values, list) else values or []


Listed = Annotated[tuple[T, ...], BeforeValidator(_present)]


class SeerAnswer(Answer):
    """An answer in the service's camelCase spelling; nested answers keep their share in `.raw` too."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    @model_validator(mode="wrap")
    @classmethod
    def _remember(cls, value: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        answer = validate(value)
        if isinstance(value, Mapping):
            answer._raw = value
        return answer


class ChannelType(SeerAnswer):
    """What a channel measures, such as name `EEG` in category `eeg`."""

    name: str | None = None
    category: str | None = None


class Channel(SeerAnswer):
    """One column of a channel group; its name may be missing, or shared with others."""

    id: str
    name: str | None = None
    channel_type: ChannelType | None = None


class GroupReference(SeerAnswer):
    """The channel group that a listed segment belongs to."""

    id: str
    name: str | None = None


class Segment(SeerAnswer):
    """A contiguous recording of one channel group: `start_time` and `duration` in ms, `timezone` in hours."""

    id: str
    start_time: float = Field(allow_inf_nan=False)
    duration: float = Field(ge=0, allow_inf_nan=False)
    timezone: float | None = None
    study_channel_group: GroupReference | None = None

    @property
    def end_time(self) -> float:
        """First instant after the recording, in ms."""
        return self.start_time + self.duration

    @property
    def start(self) -> datetime:
        """`start_time` as an aware datetime."""
        return moment(self.start_time)

    @property
    def end(self) -> datetime:
        """`end_time` as an aware datetime."""
        return moment(self.end_time)


class GroupType(SeerAnswer):
    """The kind of a channel group."""

    id: str | None = None


class ChannelGroup(SeerAnswer):
    """Channels that were sampled together, and everything needed to decode their chunks.

    `chunk_period` and `record_length` are seconds, `sample_rate` is Hz. The physical value of a sample is in `units`,
    after scaling by 10 to the power of `exponent`. `signal_min` may exceed `signal_max`: the polarity is then flipped.
    """

    id: str
    name: str | None = None
    sample_rate: float | None = None
    samples_per_record: int | None = None
    record_length: float | None = None
    records_per_chunk: int | None = None
    chunk_period: float | None = None
    sample_encoding: str | None = None
    compression: str | None = None
    signal_min: float | None = None
    signal_max: float | None = None
    units: str | None = None
    exponent: float | None = None
    timestamped: bool | None = None
    channel_group_type: GroupType | None = None
    segments: Listed[Segment] = ()
    channels: Listed[Channel] = ()

    @property
    def title(self) -> str:
        """The name, or the id when there is none."""
        return self.name or self.id

    @property
    def labels(self) -> tuple[str, ...]:
        """One distinct label a channel, in server order: its name, or its id when the name is missing or not unique."""
        named = Counter(channel.name for channel in self.channels)
        return tuple(
            channel.name if channel.name and named[channel.name] == 1 else channel.id for channel in self.channels
        )


class User(SeerAnswer):
    """The person behind a patient."""

    full_name: str | None = None


class Patient(SeerAnswer):
    """Whom a study is about; the id of a patient is not that of the user."""

    id: str | None = None
    user: User | None = None


class StudyFacts(SeerAnswer):
    """What is known of a study without its channels; `start_time` and `duration` in ms, when asked for."""

    id: str
    name: str | None = None
    description: str | None = None
    start_time: float | None = None
    duration: float | None = None
    patient: Patient | None = None

    @property
    def title(self) -> str:
        """The name, or the id when there is none."""
        return self.name or self.id

    @property
    def start(self) -> datetime | None:
        """`start_time` as an aware datetime."""
        return None if self.start_time is None else moment(self.start_time)

    @property
    def end(self) -> datetime | None:
        """Start plus duration as an aware datetime."""
        return None if self.start_time is None or self.duration is None else moment(self.start_time + self.duration)


class StudyMetadata(StudyFacts):
    """A study with its channel groups, their channels and all their segments."""

    channel_groups: Listed[ChannelGroup] = ()


class Study(StudyFacts):
    """A bounded monitoring period; listings leave description, start and duration out."""

    _seer: Seer | None = PrivateAttr(default=None)

    async def metadata(self) -> StudyMetadata:
        """Fetch channel groups, channels and segments with all decoding parameters.

        Raises:
            Closed: The study was not obtained from a client.
            NotFound: The study has gone, or is no longer shared with this account.
        """
        if self._seer is None:
            raise Closed(f"study {self.id} is not bound to a client", hint="Use seer.metadata(study_id).")
        return await self._seer.metadata(self.id)

    def _bind(self, seer: Seer) -> Self:
        self._seer = seer
        return self


class SegmentUrl(SeerAnswer):
    """Signed address of a segment's chunk 0; the signature covers its other chunks as well."""

    id: str
    base_data_chunk_url: str | None = Field(default=None, repr=False)


class ChunkUrl(SeerAnswer):
    """Signed address of one chunk, None when it was never stored."""

    segment_id: str
    index: int
    url: str | None = Field(default=None, repr=False)
