"""Fetch from three platforms at once, under one set of limits.

penstock sandbox run -- python examples/three_platforms.py
"""

from __future__ import annotations

import anyio

import penstock


async def main() -> None:
    async with (
        penstock.Context(connections=16, memory="128MiB", bandwidth="200MB/s") as context,
        penstock.Seer(context=context) as seer,
        penstock.Boss(context=context) as boss,
        penstock.Sds(context=context) as sds,
    ):
        study = (await seer.studies())[0]
        channel = await boss.channel("demo/cortex/em")
        plans = [
            await seer.plan(study.id, groups=["ECG"], to="many/seer"),
            await channel.plan(x=(0, 512), y=(0, 512), z=(0, 16), to="many/boss"),
            await sds.plan("/captures/westford", to="many/sds"),
        ]
        async with anyio.create_task_group() as tasks:
            for plan in plans:
                tasks.start_soon(fetch, plan)


async def fetch(plan: penstock.Plan) -> None:
    async with plan:
        report = await plan.apply()
    report.raise_for_failures()
    print(f"{report.platform}: {report.files} files, {report.received} bytes, {report.seconds:.1f} s")


anyio.run(main)
