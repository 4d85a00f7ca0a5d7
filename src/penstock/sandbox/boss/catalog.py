"""What the emulated service holds: collections, experiments, channels and coordinate frames, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from penstock.sandbox.boss.faults import Code, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.sandbox.boss.voxels import Volume

Triple = tuple[int, int, int]


@dataclass
class Frame:
    """A coordinate frame: bounds of level 0 and its voxel size, along x, y, z."""

    name: str
    start: Triple
    stop: Triple
    voxel: tuple[float, float, float]
    unit: str = "nanometers"
    description: str = ""
    creator: str = "sandbox"
    public: bool = True
    marked: bool = False

    def to_json(self) -> dict[str, Any]:
        """Render as the service does."""
        axes = "xyz"
        return {
            "name": self.name,
            "description": self.description,
            **{f"{axis}_start": value for axis, value in zip(axes, self.start, strict=True)},
            **{f"{axis}_stop": value for axis, value in zip(axes, self.stop, strict=True)},
            **{f"{axis}_voxel_size": float(value) for axis, value in zip(axes, self.voxel, strict=True)},
            "voxel_unit": self.unit,
        }


@dataclass
class Collection:
    """A collection of experiments."""

    name: str
    description: str = ""
    creator: str = "sandbox"
    public: bool = False
    marked: bool = False
    experiments: dict[str, Experiment] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Render as the service does."""
        return {
            "name": self.name,
            "public": self.public,
            "description": self.description,
            "experiments": living(self.experiments),
            "creator": self.creator,
        }


@dataclass
class Experiment:
    """An experiment: channels that share a coordinate frame and a resolution hierarchy."""

    name: str
    collection: Collection
    frame: Frame
    description: str = ""
    num_hierarchy_levels: int = 1
    hierarchy_method: str = "anisotropic"
    num_time_samples: int = 1
    time_step: int | None = None
    time_step_unit: str | None = None
    creator: str = "sandbox"
    public: bool = False
    marked: bool = False
    channels: dict[str, Channel] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Render as the service does."""
        return {
            "channels": living(self.channels),
            "name": self.name,
            "public": self.public,
            "description": self.description,
            "collection": self.collection.name,
            "coord_frame": self.frame.name,
            "num_hierarchy_levels": self.num_hierarchy_levels,
            "hierarchy_method": self.hierarchy_method,
            "num_time_samples": self.num_time_samples,
            "time_step": self.time_step,
            "time_step_unit": self.time_step_unit,
            "creator": self.creator,
        }


@dataclass
class Downsampling:
    """Where a channel stands: its lasting status, and when a running job began by the world's clock."""

    status: str = "NOT_DOWNSAMPLED"
    began: float | None = None


@dataclass
class Channel:
    """A channel: one volume of voxels, image or annotation."""

    name: str
    experiment: Experiment
    volume: Volume
    type: str = "image"
    datatype: str = "uint8"
    description: str = ""
    default_time_sample: int = 0
    base_resolution: int = 0
    sources: list[str] = field(default_factory=list)
    related: list[str] = field(default_factory=list)
    storage_type: str = "spdb"
    bucket: str | None = None
    cv_path: str | None = None
    creator: str = "sandbox"
    public: bool = False
    marked: bool = False
    next_id: int = 1
    downsampling: Downsampling = field(default_factory=Downsampling)
    notes: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Render as the service does."""
        return {
            "name": self.name,
            "public": self.public,
            "description": self.description,
            "experiment": self.experiment.name,
            "default_time_sample": self.default_time_sample,
            "type": self.type,
            "base_resolution": self.base_resolution,
            "datatype": self.datatype,
            "creator": self.creator,
            "sources": self.sources,
            "downsample_status": self.downsampling.status,
            "related": self.related,
            "storage_type": self.storage_type,
            "bucket": self.bucket,
            "cv_path": self.cv_path,
        }


class Markable(Protocol):
    """Anything that can be marked for deletion; its name stays taken all the same."""

    marked: bool


M = TypeVar("M", bound=Markable)


def living(things: Mapping[str, Markable]) -> list[str]:
    """Name those not marked for deletion."""
    return [name for name, thing in things.items() if not thing.marked]


def find(things: Mapping[str, M], name: str, kind: str) -> M:
    """Look one up.

    Raises:
        Refusal: Code 4000 when it is unknown, 4005 when it is marked for deletion.
    """
    thing = things.get(name)
    if thing is None:
        raise Refusal(Code.RESOURCE_NOT_FOUND, f"{kind} {name} does not exist")
    if thing.marked:
        raise Refusal(Code.RESOURCE_MARKED_FOR_DELETION, f"{kind} {name} has been marked for deletion")
    return thing


@dataclass
class Catalog:
    """Everything the service holds."""

    collections: dict[str, Collection] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)

    def frame(self, name: str) -> Frame:
        """Find a coordinate frame."""
        return find(self.frames, name, "coordinate frame")

    def collection(self, name: str) -> Collection:
        """Find a collection."""
        return find(self.collections, name, "collection")

    def experiment(self, collection: str, name: str) -> Experiment:
        """Find an experiment."""
        return find(self.collection(collection).experiments, name, "experiment")

    def channel(self, collection: str, experiment: str, name: str) -> Channel:
        """Find a channel."""
        return find(self.experiment(collection, experiment).channels, name, "channel")
