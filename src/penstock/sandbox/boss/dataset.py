"""What the emulated service holds from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.sandbox.boss.catalog import Catalog, Channel, Collection, Downsampling, Experiment, Frame
from penstock.sandbox.boss.cells import Tissue
from penstock.sandbox.boss.formula import Formula
from penstock.sandbox.boss.neuropil import grey, labels
from penstock.sandbox.boss.sections import Sections, grey16
from penstock.sandbox.boss.voxels import Base, Volume

if TYPE_CHECKING:
    from penstock.sandbox.world import World

UNREPEATED = (8192, 8192, 1024)
"""A period larger than any frame."""


def catalog_for(world: World) -> Catalog:
    """Build the catalog of a world.

    - `kharris15/apical/em`: the formula volume, 8192 x 8192 x 194 at every scale; public.
    - `demo/cortex/em`, `em16` and `labels`: neuropil as an 8-bit and a 16-bit picture, and its cells; public.
    - `lab/draft/em`: the formula again, 1024 x 1024 x 32, for its owner alone.

    At scale `large` the neuropil repeats seamlessly after 1024 x 1024 x 64 voxels, labels included, so that
    gigabytes can be served from a few rendered and packed cuboids.
    """
    catalog = Catalog()
    apical = _experiment(catalog, "kharris15/apical", (8192, 8192, 194), (2.0, 2.0, 50.0), levels=5)
    _channel(apical, "em", "uint8", Formula(), "Formula volume: (3x + 5y + 7z + 11res) mod 251 + 1")
    draft = _experiment(catalog, "lab/draft", (1024, 1024, 32), (4.0, 4.0, 40.0), levels=2, public=False)
    _channel(draft, "em", "uint8", Formula(), "Formula volume that its owner alone may see")
    _add_cortex(catalog, world)
    return catalog


def _add_cortex(catalog: Catalog, world: World) -> None:
    extent = world.pick(tiny=(2048, 2048, 64), small=(4096, 4096, 128), large=(8192, 8192, 128))
    levels = world.pick(tiny=3, small=4, large=5)
    period = world.pick(tiny=UNREPEATED, small=UNREPEATED, large=(1024, 1024, 64))
    tissue = Tissue(world.number("boss", "cortex"), period)
    cortex = _experiment(catalog, "demo/cortex", extent, (4.0, 4.0, 40.0), levels=levels)
    _channel(cortex, "em", "uint8", Sections(tissue, grey), "Synthetic neuropil")
    _channel(cortex, "em16", "uint16", Sections(tissue, grey16), "The same neuropil with 16 bits")
    cells = Sections(tissue, labels, highest_id=tissue.highest_label)
    segmentation = _channel(cortex, "labels", "uint64", cells, "Cells of the neuropil, 0 in the membranes")
    segmentation.type, segmentation.sources = "annotation", ["em"]


def _experiment(
    catalog: Catalog,
    path: str,
    extent: tuple[int, int, int],
    voxel: tuple[float, float, float],
    *,
    levels: int,
    public: bool = True,
) -> Experiment:
    collection, _, name = path.partition("/")
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
