"""What the service says about collections, experiments, frames, channels and pyramids, field by field."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from penstock.platforms.answer import Answer

_NANOMETRES = {"nanometers": 1.0, "micrometers": 1e3, "millimeters": 1e6, "centimeters": 1e7}


class Listing(Answer):
    """The names of all collections."""

    collections: tuple[str, ...]


class Collection(Answer):
    """A named set of experiments."""

    name: str
    description: str = ""
    public: bool = False
    creator: str | None = None
    experiments: tuple[str, ...] = ()


class Experiment(Answer):
    """Channels that share one coordinate frame and one pyramid."""

    name: str
    collection: str
    coord_frame: str
    channels: tuple[str, ...] = ()
    description: str = ""
    public: bool = False
    creator: str | None = None
    num_hierarchy_levels: int = Field(default=1, ge=1)
    hierarchy_method: Literal["anisotropic", "isotropic"] = "anisotropic"
    num_time_samples: int = 1
    time_step: int | None = None
    time_step_unit: str | None = None


class Frame(Answer):
    """The space that an experiment lives in: voxel bounds at level 0 and the size of a voxel, in `voxel_unit`."""

    name: str
    description: str = ""
    x_start: int
    x_stop: int
    y_start: int
    y_stop: int
    z_start: int
    z_stop: int
    x_voxel_size: float
    y_voxel_size: float
    z_voxel_size: float
    voxel_unit: Literal["nanometers", "micrometers", "millimeters", "centimeters"] = "nanometers"

    @property
    def start(self) -> tuple[int, int, int]:
        """First voxel at level 0, as (x, y, z)."""
        return self.x_start, self.y_start, self.z_start

    @property
    def stop(self) -> tuple[int, int, int]:
        """One past the last voxel at level 0, as (x, y, z)."""
        return self.x_stop, self.y_stop, self.z_stop

    @property
    def nanometres(self) -> float:
        """Length of the frame's unit."""
        return _NANOMETRES[self.voxel_unit]

    @property
    def voxel_size(self) -> tuple[float, float, float]:
        """Edges of a voxel at level 0 in nm, as (x, y, z)."""
        unit = self.nanometres
        return self.x_voxel_size * unit, self.y_voxel_size * unit, self.z_voxel_size * unit


class ChannelFacts(Answer):
    """What the service records about one channel."""

    name: str
    experiment: str
    type: Literal["image", "annotation"]
    datatype: Literal["uint8", "uint16", "uint32", "uint64"]
    base_resolution: int = 0
    default_time_sample: int = 0
    description: str = ""
    public: bool = False
    creator: str | None = None
    sources: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    downsample_status: str = "NOT_DOWNSAMPLED"
    storage_type: str = "spdb"
    bucket: str | None = None
    cv_path: str | None = None


class Pyramid(Answer):
    """The downsample table: shape and voxel size (in the frame's unit) of every level, as (x, y, z)."""

    status: str
    num_hierarchy_levels: int = 1
    extent: dict[int, tuple[int, int, int]]
    voxel_size: dict[int, tuple[float, float, float]] = Field(default_factory=dict)
