"""One channel: what it is, and its voxels as arrays or as files."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from penstock.errors import SelectionError
from penstock.platforms.boss.boxes import box_within, shown, span
from penstock.platforms.boss.levels import find_level
from penstock.platforms.boss.slabs import slab_items
from penstock.platforms.boss.source import CutoutSource
from penstock.transfer.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from penstock.events import Subscriber
    from penstock.formats.grid import Box
    from penstock.platforms.boss.levels import Level
    from penstock.platforms.boss.models import ChannelFacts, Experiment, Frame
    from penstock.platforms.boss.wire import Wire
    from penstock.transfer.report import Report
    from penstock.types import PathLike, Span

_FORMATS = {"tiff": "cuboid-tiff"}
_READABLE = frozenset({"uint8", "uint16", "uint64"})


class Channel:
    """A channel of an experiment, as the service described it when it was opened; nothing here changes later.

    Attributes:
        path: `collection/experiment/channel`.
        frame: The space that its experiment lives in.
        experiment: Its experiment.
        levels: The levels of its pyramid, by number.
        isotropic_levels: The levels as `iso=True` sees them: where the experiment halves x and y alone, z is
            halved too once voxels have become cubes.
    """

    def __init__(
        self,
        wire: Wire,
        facts: ChannelFacts,
        experiment: Experiment,
        frame: Frame,
        levels: Mapping[int, Level],
        isotropic_levels: Mapping[int, Level],
    ) -> None:
        self._wire = wire
        self._facts = facts
        self.experiment = experiment
        self.frame = frame
        self.levels: Mapping[int, Level] = MappingProxyType(dict(levels))
        self.isotropic_levels: Mapping[int, Level] = MappingProxyType(dict(isotropic_levels))
        self.path = f"{experiment.collection}/{experiment.name}/{facts.name}"

    def __repr__(self) -> str:
        return f"<Channel {self.path} {self.dtype} {shown(self.extent(self.base_resolution))}>"

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self._facts.name

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a voxel."""
        import numpy as np

        return np.dtype(self._facts.datatype)

    @property
    def type(self) -> str:
        """`image` or `annotation`."""
        return self._facts.type

    @property
    def description(self) -> str:
        """What its makers say about it."""
        return self._facts.description

    @property
    def public(self) -> bool:
        """Whether anybody may read it."""
        return self._facts.public

    @property
    def base_resolution(self) -> int:
        """Number of the finest level."""
        return self._facts.base_resolution

    @property
    def voxel_size(self) -> tuple[float, float, float]:
        """Edges of a voxel of the finest level in nm, as (x, y, z)."""
        return self.levels[self.base_resolution].voxel_size

    @property
    def downsample_status(self) -> str:
        """`NOT_DOWNSAMPLED`, `QUEUED`, `IN_PROGRESS`, `DOWNSAMPLED` or `FAILED`."""
        return self._facts.downsample_status

    @property
    def storage_type(self) -> str:
        """`spdb`, or `cloudvol` when the service reads the voxels through from elsewhere."""
        return self._facts.storage_type

    @property
    def raw(self) -> Mapping[str, Any]:
        """The service's own record of the channel."""
        return self._facts.raw

    def level(self, res: int = 0, *, iso: bool = False) -> Level:
        """Describe one level.

        Raises:
            SelectionError: The channel has no such level.
        """
        return find_level(self.isotropic_levels if iso else self.levels, res, self.path)

    def extent(self, res: int = 0, iso: bool = False) -> Box:
        """Return the half-open ranges along x, y and z that a level has, in voxels of that level.

        Args:
            res: The level.
            iso: Whether the isotropic pyramid is meant.

        Raises:
            SelectionError: The channel has no such level.
        """
        return self.level(res, iso=iso).extent

    async def read(
        self, *, x: Span, y: Span, z: Span, res: int = 0, iso: bool = False, time: Span | None = None
    ) -> NDArray[np.unsignedinteger[Any]]:
        """Read a box of voxels into memory.

        The box is fetched in tiles that respect the storage grid, as many at once as the context allows. The
        whole array is held in memory besides: `download` is for what does not fit.

        Args:
            x: Half-open range in voxels of the level; likewise `y` and `z`.
            y: See `x`.
            z: See `x`.
            res: The level, 0 being the finest of the experiment.
            iso: Read the isotropic pyramid where the experiment has one beside its own.
            time: Half-open range of time samples; None reads the channel's default sample.

        Returns:
            An array of the channel's dtype with axes Z, Y, X, or T, Z, Y, X when `time` is given.

        Raises:
            SelectionError: The level does not exist or has not been built, or the box is empty or reaches out.
            CredentialError: The token is not accepted, or may not read voxels here.
            FormatError: What arrived is no frame of that many voxels.
        """
        from penstock.platforms.boss.reading import read_box

        box = self._box(x, y, z, res, iso=iso)
        return await read_box(self._wire, self, box, res=res, iso=iso, time=self._samples(time))

    async def plan(
        self,
        *,
        x: Span | None = None,
        y: Span | None = None,
        z: Span | None = None,
        res: int = 0,
        iso: bool = False,
        to: PathLike,
        format: str = "tiff",
    ) -> Plan:
        """Plan a download of a box of voxels to a folder; nothing is fetched or written yet.

        Args:
            x: Half-open range in voxels of the level; None takes all of it. Likewise `y` and `z`.
            y: See `x`.
            z: See `x`.
            res: The level, 0 being the finest of the experiment.
            iso: Fetch the isotropic pyramid where the experiment has one beside its own.
            to: The target folder.
            format: `tiff`: one file a plane, named as ndpull names them.

        Returns:
            A plan of one item for every slab of at most 16 planes.

        Raises:
            SelectionError: The level does not exist or has not been built, the box is empty or reaches out, or
                the format is unknown.
        """
        if format not in _FORMATS:
            raise SelectionError(f"cuboids cannot be written as {format!r}", hint=f"Formats: {', '.join(_FORMATS)}.")
        box = self._box(x, y, z, res, iso=iso)
        ranges = {axis: list(bounds) for axis, bounds in box._asdict().items()}
        return Plan(
            CutoutSource(self._wire.http),
            slab_items(self, box, res=res, iso=iso),
            context=self._wire.context,
            to=to,
            selection={
                "url": f"boss://{self.path}",
                "options": {**ranges, "res": res, "iso": iso, "format": format},
            },
        )

    async def download(
        self,
        *,
        x: Span | None = None,
        y: Span | None = None,
        z: Span | None = None,
        res: int = 0,
        iso: bool = False,
        to: PathLike,
        format: str = "tiff",
        on_event: Subscriber | None = None,
    ) -> Report:
        """Download a box of voxels to a folder; run again, it fetches only what is missing.

        Memory does not grow with the box. Arguments are those of `plan`.

        Args:
            x: Half-open range in voxels of the level; None takes all of it. Likewise `y` and `z`.
            y: See `x`.
            z: See `x`.
            res: The level, 0 being the finest of the experiment.
            iso: Fetch the isotropic pyramid where the experiment has one beside its own.
            to: The target folder.
            format: `tiff`: one file a plane, named as ndpull names them.
            on_event: Called with every `penstock.events.Event`.

        Returns:
            What happened, slab by slab; slabs that failed are in it.

        Raises:
            SelectionError: As for `plan`.
            CredentialError: The token is not accepted.
            TransferError: The folder cannot be written.
        """
        plan = await self.plan(x=x, y=y, z=z, res=res, iso=iso, to=to, format=format)
        async with plan:
            return await plan.apply(on_event=on_event)

    def _box(self, x: Span | None, y: Span | None, z: Span | None, res: int, *, iso: bool) -> Box:
        """Check what was asked for against what there is."""
        if self._facts.datatype not in _READABLE:
            raise SelectionError(f"{self.path} holds {self._facts.datatype}, which the service cannot cut out")
        extent = self.extent(res, iso)
        built = self.storage_type != "spdb" or self.downsample_status == "DOWNSAMPLED"
        if res > self.base_resolution and not built:
            raise SelectionError(
                f"level {res} of {self.path} has not been built: its status is {self.downsample_status}",
                hint=f"Ask for level {self.base_resolution}; the service would answer with zeros here.",
            )
        return box_within(extent, x, y, z)

    def _samples(self, time: Span | None) -> Span | None:
        """Check a range of time samples; the service is off by one here and answers for samples that are not."""
        if time is None:
            return None
        start, stop = span("time", time)
        if not 0 <= start < stop <= self.experiment.num_time_samples:
            raise SelectionError(
                f"the time samples {start}:{stop} are not among 0:{self.experiment.num_time_samples} of {self.path}"
            )
        return start, stop
