"""Collections and coordinate frames: list, read, create, change, mark for deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.sandbox.boss import fields
from penstock.sandbox.boss.accounts import may_read, require_change, require_manager, require_read
from penstock.sandbox.boss.catalog import Collection, Frame, living
from penstock.sandbox.boss.faults import Code, Refusal

if TYPE_CHECKING:
    from penstock.sandbox.boss.call import Call

UNITS = fields.one_of("nanometers", "micrometers", "millimeters", "centimeters")
COLLECTION_FIELDS: dict[str, fields.Check] = {"name": fields.text, "description": fields.text, "public": fields.flag}
FRAME_FIELDS: dict[str, fields.Check] = {
    "description": fields.text,
    **{f"{axis}_{end}": fields.integer for axis in "xyz" for end in ("start", "stop")},
    **{f"{axis}_voxel_size": fields.number for axis in "xyz"},
    "voxel_unit": UNITS,
}
FRAME_REQUIRED = tuple(name for name in FRAME_FIELDS if name != "description")
FRAME_CHANGES: dict[str, fields.Check] = {"name": fields.text, "description": fields.text}


def rename(things: dict[str, Any], thing: Any, name: str) -> None:
    """Give a thing another name within its family, keeping its place."""
    if name == thing.name:
        return
    refuse_taken(things, name)
    entries = [(name if value is thing else key, value) for key, value in things.items()]
    things.clear()
    things.update(entries)
    thing.name = name


def refuse_taken(things: dict[str, Any], name: str) -> None:
    """Refuse with code 1003 a name that is taken, if only by something marked for deletion."""
    if name in things:
        raise Refusal(Code.INVALID_POST_ARGUMENT, str({"name": ["This field must be unique."]}))


def list_collections(call: Call) -> Any:
    """List what the caller may see."""
    account, known = call.account(), call.catalog.collections
    return {"collections": [name for name in living(known) if may_read(account, known[name])]}


def read_collection(call: Call) -> Any:
    """Describe one collection."""
    account = call.account()
    collection = call.catalog.collection(call.names["collection"])
    require_read(account, collection)
    return collection.to_json()


def create_collection(call: Call) -> Any:
    """Create a collection."""
    account, name = require_manager(call.account()), call.names["collection"]
    values = fields.take(call.fields(), COLLECTION_FIELDS)
    refuse_taken(call.catalog.collections, name)
    collection = Collection(**{**values, "name": name, "creator": account.name})
    call.catalog.collections[name] = collection
    return collection.to_json()


def change_collection(call: Call) -> Any:
    """Change a collection's name, description or visibility."""
    account = call.account()
    collection = call.catalog.collection(call.names["collection"])
    require_change(account, collection)
    fields.refuse_fixed(call.fields(), COLLECTION_FIELDS)
    values = fields.take(call.fields(), COLLECTION_FIELDS)
    rename(call.catalog.collections, collection, values.pop("name", collection.name))
    vars(collection).update(values)
    return collection.to_json()


def delete_collection(call: Call) -> None:
    """Mark an empty collection for deletion."""
    account = require_manager(call.account())
    collection = call.catalog.collection(call.names["collection"])
    require_change(account, collection)
    refuse_in_use(bool(living(collection.experiments)), collection.name)
    collection.marked = True


def refuse_in_use(in_use: bool, name: str) -> None:
    """Refuse with code 4003 to delete what something else needs."""
    if in_use:
        raise Refusal(Code.INTEGRITY_ERROR, f"{name} is in use and cannot be deleted")


def list_frames(call: Call) -> Any:
    """List coordinate frames, all or one's own."""
    account = call.account()
    own = call.query.get("owner", "").lower() == "true"
    known = call.catalog.frames
    creator = account.name if account else ""
    return {"coords": [name for name in living(known) if not own or known[name].creator == creator]}


def read_frame(call: Call) -> Any:
    """Describe one coordinate frame; everyone may know it."""
    call.account()
    return call.catalog.frame(call.names["frame"]).to_json()


def create_frame(call: Call) -> Any:
    """Create a coordinate frame."""
    account, name = require_manager(call.account()), call.names["frame"]
    values = fields.take(call.fields(), FRAME_FIELDS, FRAME_REQUIRED)
    refuse_taken(call.catalog.frames, name)
    start, stop, voxel = (
        (values[f"x_{what}"], values[f"y_{what}"], values[f"z_{what}"]) for what in ("start", "stop", "voxel_size")
    )
    if any(a >= b for a, b in zip(start, stop, strict=True)):
        raise Refusal(Code.INVALID_POST_ARGUMENT, "a coordinate frame must start before it stops")
    frame = Frame(name, start, stop, voxel, values["voxel_unit"], values.get("description", ""), account.name)
    call.catalog.frames[name] = frame
    return frame.to_json()


def change_frame(call: Call) -> Any:
    """Change a coordinate frame's name or description; bounds are for good."""
    account = call.account()
    frame = call.catalog.frame(call.names["frame"])
    require_change(account, frame)
    fields.refuse_fixed(call.fields(), FRAME_CHANGES)
    values = fields.take(call.fields(), FRAME_CHANGES)
    rename(call.catalog.frames, frame, values.pop("name", frame.name))
    vars(frame).update(values)
    return frame.to_json()


def delete_frame(call: Call) -> None:
    """Mark a coordinate frame that no experiment uses for deletion."""
    account = require_manager(call.account())
    frame = call.catalog.frame(call.names["frame"])
    require_change(account, frame)
    users = (
        experiment
        for collection in call.catalog.collections.values()
        for experiment in collection.experiments.values()
        if experiment.frame is frame and not experiment.marked
    )
    refuse_in_use(any(True for _ in users), frame.name)
    frame.marked = True
