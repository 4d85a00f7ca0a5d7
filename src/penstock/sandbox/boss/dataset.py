"""What the emulated service holds from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.sandbox.boss.catalog import Catalog, Channel, Collection, Downsampling, Experiment, Frame
from penstock.sandbox.boss.formula import Formula
from penstock.sandbox.boss.voxels import Base, Volume

if TYPE_CHECKING:
    from penstock.sandbox.world import World


def catalog_for(world: World) -> Catalog:
    """Build the catalog of a world.

    - `kharris15/apical/em`: the formula volume, 8192 x 8192 x 194 at every scale; public.
    """
    catalog = Catalog()
    apical = _experiment(catalog, "kharris15", "apical", (8192, 8192, 194), (2.0, 2.0, 50.0), levels=5)
    _channel(apical, "em", "uint8", Formula(), "Formula volume: (3x + 5y + 7z + 11res) mod 251 + 1")
    return catalog


def _experiment(
    catalog: Catalog,
    collection: str,
    name: str,
    extent: tuple[int, int, int],
    voxel: tuple[float, float, float],
    *,
    levels: int,
    public: bool = True,
) -> Experiment:
    parent = catalog.collections.setdefault(collection, Collection(collection, public=public))
    frame = Frame(f"{collection}_{name}", (0, 0, 0), extent, voxel)
    catalog.frames[frame.name] = frame
    experiment = Experiment(
        name, parent, frame, num_hierarchy_levels=levels, time_step=0, time_step_unit="seconds", public=public
    )
    parent.experiments[name] = experiment
    return experiment


def _channel(experiment: Experiment, name: str, datatype: str, base: Base, description: str) -> Channel:
    channel = Channel(
        name,
        experiment,
        Volume(datatype, base),
        datatype=datatype,
        description=description,
        downsampling=Downsampling("DOWNSAMPLED"),
        public=experiment.public,
    )
    experiment.channels[name] = channel
    return channel
