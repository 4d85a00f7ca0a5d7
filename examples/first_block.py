"""Read one block of a volume into numpy, in a plain script.

penstock sandbox run -- python examples/first_block.py
"""

from __future__ import annotations

import penstock.sync as penstock

with penstock.Boss() as boss:
    channel = boss.channel("demo/cortex/em")
    print(channel.path, channel.dtype, "voxels of", channel.voxel_size, "nm")

    block = channel.read(x=(512, 768), y=(512, 768), z=(8, 24))
    print("axes Z, Y, X:", block.shape, "mean", round(float(block.mean()), 1))

    overview = channel.read(x=(0, 512), y=(0, 512), z=(8, 9), res=2)
    print("the whole plane, four times coarser:", overview.shape[1:])
