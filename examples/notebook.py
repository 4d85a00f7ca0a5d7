"""Look at a recording, cell by cell: open it in Jupyter (with jupytext), VS Code or Spyder, or run it as a script.

penstock sandbox run -- python examples/notebook.py
"""

# %% No `await` is needed anywhere, and Ctrl-C or the stop button ends a call.
import numpy as np

import penstock.sync as penstock

seer = penstock.Seer()  # opens on first use and closes with the kernel

# %% What is there?
for study in seer.studies():
    print(study.id, study.title)

# %% Which channels does a study have?
study = next(iter(seer.studies(search="epilepsy")))
metadata = seer.metadata(study.id)
for group in metadata.channel_groups:
    print(group.title, group.sample_rate, "Hz", ", ".join(group.labels))

# %% The first ten seconds of one group, in memory.
group = metadata.channel_groups[0]
start = group.segments[0].start_time
block = seer.read(study.id, groups=group.title, start=start, stop=start + 10_000)[0]
print(block.data.shape, "in", block.units, "from", block.start)

# %% How strong is each channel? Rows that hold no data are NaN.
for name, level in zip(block.names, np.nanstd(block.data, axis=0), strict=True):
    print(f"{name:>6} {level:.3g} {block.units}")
