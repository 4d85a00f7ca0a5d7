"""Listings: studies by offset, segments by cursor or by offset, signed URLs in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.errors import NotFound, UnexpectedResponse
from penstock.platforms.seer import queries

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from penstock.platforms.seer.service import Service

STUDIES_A_PAGE = 50
SEGMENTS_A_PAGE = 5000
CHUNKS_A_BATCH = 500
SEGMENTS_A_BATCH = 200


async def studies(service: Service, search: str | None, party: str | None) -> AsyncGenerator[list[Any], None]:
    """Yield pages of studies until one is empty; a short page proves nothing, the server may cap pages.

    A study that moves to a later page because another was added meanwhile is listed once.
    """
    offset = 0
    seen: set[Any] = set()
    while True:
        variables = {"search_term": search or "", "limit": STUDIES_A_PAGE, "offset": offset}
        data = await service.query(queries.STUDIES, variables, party=party)
        page = _listed(data, "studies")
        fresh = [study for study in page if isinstance(study, dict) and study.get("id") not in seen]
        if not page:
            return
        if not fresh and any(page):
            raise UnexpectedResponse("Seer repeats a page of studies whatever the offset")
        seen.update(study.get("id") for study in fresh)
        yield fresh
        offset += len(page)


async def segments(service: Service, study_id: str) -> AsyncGenerator[tuple[list[Any], str | None], None]:
    """Yield pages of a study's segments with the cursor of the next, None at the end."""
    after = ""
    while True:
        variables = {"study_id": study_id, "limit": SEGMENTS_A_PAGE, "after": after}
        data = await service.query(queries.SEGMENTS, variables)
        page = _within(data, "resource", "channelGroupSegment", "list")
        info = _within(page, "pageInfo")
        cursor = info.get("endCursor") if info.get("hasNextPage") else None
        if info.get("hasNextPage") and (cursor is None or cursor == after):
            raise UnexpectedResponse("Seer says that there are more segments, but not where to go on")
        yield _listed(page, "items"), cursor
        if cursor is None:
            return
        after = cursor


async def metadata(service: Service, study_id: str) -> dict[str, Any]:
    """Fetch a study with its channel groups, and as many pages of segments as there are.

    Raises:
        NotFound: There is no such study, or this account cannot see it.
    """
    variables = {"study_id": study_id, "limit": SEGMENTS_A_PAGE, "offset": 0}
    study = found(await service.query(queries.METADATA, variables), study_id)
    groups = {group["id"]: dict(group) for group in _listed(study, "channelGroups") if group}
    added = max((len(_listed(group, "segments")) for group in groups.values()), default=0)
    offset = 0
    while added:
        offset += added
        more = await service.query(queries.MORE_SEGMENTS, {**variables, "offset": offset})
        added = _append(groups, found(more, study_id))
    return {**study, "channelGroups": list(groups.values())}


def found(data: Mapping[str, Any], study_id: str) -> dict[str, Any]:
    """Return the study of an answer.

    Raises:
        NotFound: It is null.
    """
    study = data.get("study")
    if not isinstance(study, dict):
        raise NotFound(
            f"there is no study {study_id!r}, or it is not shared with this account",
            hint="List what this account can see with `penstock ls seer://`, or `seer.studies()`.",
        )
    return study


async def segment_urls(service: Service, segment_ids: Sequence[str]) -> dict[str, str | None]:
    """Sign the base URLs of segments; those the service does not know are left out."""
    data = await service.query(queries.segment_urls(segment_ids))
    rows = _listed(data, "studyChannelGroupSegments")
    return {row["id"]: row.get("baseDataChunkUrl") for row in rows if row and row.get("id")}


async def chunk_urls(
    service: Service, keys: Sequence[tuple[str, int]], *, s3: bool = False
) -> dict[tuple[str, int], str | None]:
    """Sign the URLs of single chunks; None for those that were never stored.

    Raises:
        UnexpectedResponse: The answer is not one URL a key.
    """
    data = await service.query(queries.chunk_urls(keys, s3=s3))
    urls = _listed(data, "studyChannelGroupDataChunkUrls")
    if len(urls) != len(keys):
        raise UnexpectedResponse(f"Seer signed {len(urls)} chunk URLs where {len(keys)} were asked for")
    return dict(zip(keys, urls, strict=True))


def _append(groups: Mapping[str, dict[str, Any]], study: Mapping[str, Any]) -> int:
    """Add a page of segments to the groups; return the length of the longest share that was new."""
    longest = 0
    for group in _listed(study, "channelGroups"):
        known = groups.get(group["id"]) if group else None
        if known is None:
            continue
        ids = {segment["id"] for segment in _listed(known, "segments") if segment}
        page = [segment for segment in _listed(group, "segments") if segment and segment["id"] not in ids]
        known["segments"] = [*_listed(known, "segments"), *page]
        longest = max(longest, len(page))
    return longest


def _listed(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    if value is not None and not isinstance(value, list):
        raise UnexpectedResponse(f"Seer sent {type(value).__name__} where a list of {name} was expected")
    return value or []


def _within(data: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        inner = data.get(name)
        if not isinstance(inner, dict):
            raise UnexpectedResponse(f"Seer sent no {name} where one was expected")
        data = inner
    return data
