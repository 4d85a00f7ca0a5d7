"""Key and value metadata of collections, experiments and channels; both travel in the query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.sandbox.boss.accounts import require_change, require_read
from penstock.sandbox.boss.faults import Code, Refusal

if TYPE_CHECKING:
    from penstock.sandbox.boss.call import Call
    from penstock.sandbox.boss.catalog import Channel, Collection, Experiment


def _owner(call: Call) -> Collection | Experiment | Channel:
    """Find what the URL names, as deep as it goes."""
    collection, experiment, channel = (call.names.get(kind) for kind in ("collection", "experiment", "channel"))
    if channel:
        return call.channel()
    if experiment:
        return call.catalog.experiment(str(collection), experiment)
    return call.catalog.collection(str(collection))


def _asked(call: Call, *names: str) -> list[str]:
    for name in names:
        if name not in call.query:
            raise Refusal(Code.INVALID_POST_ARGUMENT, f"the query lacks {name}")
    return [call.query[name] for name in names]


def _require(owner: Collection | Experiment | Channel, key: str) -> None:
    """Refuse an unknown key; with 400, as the server does, though it means 404."""
    if key not in owner.notes:
        raise Refusal(Code.INVALID_POST_ARGUMENT, f"key {key} does not exist")


def read_notes(call: Call) -> Any:
    """List the keys, or give one value."""
    account, owner = call.member(), _owner(call)
    require_read(account, owner)
    if "key" not in call.query:
        return {"keys": list(owner.notes)}
    key = call.query["key"]
    _require(owner, key)
    return {"key": key, "value": owner.notes[key]}


def create_note(call: Call) -> None:
    """Add a key."""
    account, owner = call.member(), _owner(call)
    require_change(account, owner)
    key, value = _asked(call, "key", "value")
    if key in owner.notes:
        raise Refusal(Code.INVALID_POST_ARGUMENT, f"key {key} exists already")
    owner.notes[key] = value


def change_note(call: Call) -> None:
    """Give a key another value."""
    account, owner = call.member(), _owner(call)
    require_change(account, owner)
    key, value = _asked(call, "key", "value")
    _require(owner, key)
    owner.notes[key] = value


def delete_note(call: Call) -> None:
    """Remove a key."""
    account, owner = call.member(), _owner(call)
    require_change(account, owner)
    (key,) = _asked(call, "key")
    _require(owner, key)
    del owner.notes[key]
