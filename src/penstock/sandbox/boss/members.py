"""Experiments and channels: list, read, create, change, mark for deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.sandbox.boss import fields
from penstock.sandbox.boss.accounts import Account, may_read, require_change, require_manager, require_read
from penstock.sandbox.boss.catalog import Channel, Experiment, find, living
from penstock.sandbox.boss.faults import Breakdown, Code, Refusal
from penstock.sandbox.boss.nouns import refuse_in_use, refuse_taken, rename
from penstock.sandbox.boss.voxels import Volume

if TYPE_CHECKING:
    from penstock.sandbox.boss.call import Call

EXPERIMENT_CHANGES: dict[str, fields.Check] = {
    "name": fields.text,
    "public": fields.flag,
    "description": fields.text,
    "num_hierarchy_levels": fields.integer,
    "hierarchy_method": fields.one_of("anisotropic", "isotropic"),
    "num_time_samples": fields.integer,
    "time_step": fields.optional(fields.integer),
    "time_step_unit": fields.optional(fields.one_of("nanoseconds", "microseconds", "milliseconds", "seconds")),
}
EXPERIMENT_FIELDS: dict[str, fields.Check] = {**EXPERIMENT_CHANGES, "coord_frame": fields.text}
del EXPERIMENT_FIELDS["public"]
STORAGE_FIELDS: dict[str, fields.Check] = {
    "storage_type": fields.one_of("spdb", "cloudvol"),
    "bucket": fields.optional(fields.text),
    "cv_path": fields.optional(fields.text),
}
CHANNEL_CHANGES: dict[str, fields.Check] = {
    "name": fields.text,
    "public": fields.flag,
    "description": fields.text,
    "default_time_sample": fields.integer,
    "base_resolution": fields.integer,
    "sources": fields.names,
    "related": fields.names,
    **STORAGE_FIELDS,
}
CHANNEL_FIELDS: dict[str, fields.Check] = {
    **CHANNEL_CHANGES,
    "type": fields.one_of("image", "annotation"),
    "datatype": fields.one_of("uint8", "uint16", "uint32", "uint64"),
}
del CHANNEL_FIELDS["public"]


def _experiment(call: Call) -> Experiment:
    return call.catalog.experiment(call.names["collection"], call.names["experiment"])


def list_experiments(call: Call) -> Any:
    """List the experiments that the caller may see; the real server breaks down over an unknown collection."""
    account = call.account()
    if call.names["collection"] not in call.catalog.collections:
        raise Breakdown
    known = call.catalog.collection(call.names["collection"]).experiments
    return {"experiments": [name for name in living(known) if may_read(account, known[name])]}


def read_experiment(call: Call) -> Any:
    """Describe one experiment."""
    account, experiment = call.account(), _experiment(call)
    require_read(account, experiment)
    return experiment.to_json()


def create_experiment(call: Call) -> Any:
    """Create an experiment."""
    account = require_manager(call.account())
    collection, name = call.catalog.collection(call.names["collection"]), call.names["experiment"]
    require_change(account, collection)
    values = fields.take(call.fields(), EXPERIMENT_FIELDS, ("coord_frame",))
    refuse_taken(collection.experiments, name)
    frame = call.catalog.frame(values.pop("coord_frame"))
    values |= {"name": name, "creator": account.name}
    experiment = Experiment(collection=collection, frame=frame, **values)
    collection.experiments[name] = experiment
    return experiment.to_json()


def change_experiment(call: Call) -> Any:
    """Change what may change of an experiment; its coordinate frame may not."""
    account, experiment = call.account(), _experiment(call)
    require_change(account, experiment)
    fields.refuse_fixed(call.fields(), EXPERIMENT_CHANGES)
    values = fields.take(call.fields(), EXPERIMENT_CHANGES)
    rename(experiment.collection.experiments, experiment, values.pop("name", experiment.name))
    vars(experiment).update(values)
    return experiment.to_json()


def delete_experiment(call: Call) -> None:
    """Mark an experiment without channels for deletion."""
    account, experiment = require_manager(call.account()), _experiment(call)
    require_change(account, experiment)
    refuse_in_use(bool(living(experiment.channels)), experiment.name)
    experiment.marked = True


def list_channels(call: Call) -> Any:
    """List the channels that the caller may see."""
    account, known = call.account(), _experiment(call).channels
    return {"channels": [name for name in living(known) if may_read(account, known[name])]}


def read_channel(call: Call) -> Any:
    """Describe one channel."""
    account, channel = call.account(), call.channel()
    require_read(account, channel)
    return channel.to_json()


def create_channel(call: Call) -> Any:
    """Create a channel, empty."""
    account, experiment, name = require_manager(call.account()), _experiment(call), call.names["channel"]
    require_change(account, experiment)
    values = fields.take(call.fields(), CHANNEL_FIELDS, ("type", "datatype"))
    _check_channel(experiment, values, account)
    refuse_taken(experiment.channels, name)
    values |= {"name": name, "creator": account.name}
    channel = Channel(experiment=experiment, volume=Volume(values["datatype"]), **values)
    experiment.channels[name] = channel
    return channel.to_json()


def change_channel(call: Call) -> Any:
    """Change what may change of a channel; sources and related that are left out become none."""
    account, channel = call.account(), call.channel()
    require_change(account, channel)
    fields.refuse_fixed(call.fields(), CHANNEL_CHANGES)
    values = {"sources": [], "related": [], **fields.take(call.fields(), CHANNEL_CHANGES)}
    _check_channel(channel.experiment, values, account)
    _rename_channel(channel, values.pop("name", channel.name))
    vars(channel).update(values)
    return channel.to_json()


def delete_channel(call: Call) -> None:
    """Mark a channel that is nobody's source for deletion."""
    account, channel = require_manager(call.account()), call.channel()
    require_change(account, channel)
    siblings = channel.experiment.channels.values()
    refuse_in_use(any(channel.name in other.sources for other in siblings if not other.marked), channel.name)
    channel.marked = True


def _rename_channel(channel: Channel, name: str) -> None:
    """Rename a channel in the lists of its siblings too."""
    old, siblings = channel.name, channel.experiment.channels
    rename(siblings, channel, name)
    for other in siblings.values():
        other.sources = [name if source == old else source for source in other.sources]
        other.related = [name if relative == old else relative for relative in other.related]


def _check_channel(experiment: Experiment, values: dict[str, Any], account: Account | None) -> None:
    """Check what concerns more than one field."""
    if {"bucket", "cv_path"} & values.keys() and not (account and account.admin):
        raise Refusal(Code.MISSING_ROLE, "where a channel is stored is for administrators to say")
    if values.get("default_time_sample", 0) >= experiment.num_time_samples:
        raise Refusal(Code.INVALID_POST_ARGUMENT, "default_time_sample must be below num_time_samples")
    sources, related = values.get("sources", []), values.get("related", [])
    for name in (*sources, *related):
        find(experiment.channels, name, "channel")
    if set(sources) & set(related):
        raise Refusal(Code.INVALID_POST_ARGUMENT, "a channel is either a source or related")
