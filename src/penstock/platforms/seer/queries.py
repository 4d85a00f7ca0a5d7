"""The GraphQL documents that this client sends.

Values travel as declared variables wherever the service's type names are known. The names of the input types behind
`segmentIds` and `chunkKeys` are not, so those two lists are written into the document, each string escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

STUDIES = """
query studies($search_term: String, $limit: PaginationAmount, $offset: Int) {
  studies(searchTerm: $search_term, limit: $limit, offset: $offset) {
    id name patient { id user { fullName } }
  }
}
"""

STUDY = """
query study($study_id: String!) {
  study(id: $study_id) {
    id name description startTime duration patient { id user { fullName } }
  }
}
"""

METADATA = """
query study_with_data($study_id: String!, $limit: PaginationAmount, $offset: Int) {
  study(id: $study_id) {
    id name description startTime duration patient { id user { fullName } }
    channelGroups {
      id name sampleRate samplesPerRecord recordLength chunkPeriod recordsPerChunk sampleEncoding compression
      signalMin signalMax units exponent timestamped channelGroupType { id }
      segments(limit: $limit, offset: $offset) { id startTime duration timezone }
      channels { id name channelType { name category } }
    }
  }
}
"""

MORE_SEGMENTS = """
query more_segments($study_id: String!, $limit: PaginationAmount, $offset: Int) {
  study(id: $study_id) {
    id channelGroups { id segments(limit: $limit, offset: $offset) { id startTime duration timezone } }
  }
}
"""

SEGMENTS = """
query segments($study_id: ID!, $limit: NonNegativeInt, $after: ID) {
  resource {
    channelGroupSegment {
      list(
        filter: { studyChannelGroup: { studyId: { in: [$study_id] } } }
        pagination: { limit: $limit, after: $after }
      ) {
        pageInfo { endCursor hasNextPage }
        items { id startTime duration timezone studyChannelGroup { id name } }
      }
    }
  }
}
"""


def segment_urls(segment_ids: Iterable[str]) -> str:
    """Ask for the signed base URL of each segment; unknown ones come back null."""
    ids = ", ".join(quoted(segment) for segment in segment_ids)
    return f"query {{ studyChannelGroupSegments(segmentIds: [{ids}]) {{ id baseDataChunkUrl }} }}"


def chunk_urls(keys: Sequence[tuple[str, int]], *, s3: bool) -> str:
    """Ask for one signed URL a chunk, in the order of the keys; null where nothing was ever stored."""
    spelled = ", ".join(f"{{segmentId: {quoted(segment)}, chunkIndex: {index:d}}}" for segment, index in keys)
    return f"query {{ studyChannelGroupDataChunkUrls(chunkKeys: [{spelled}], s3Urls: {str(s3).lower()}) }}"


def quoted(text: str) -> str:
    """Write a string as a GraphQL literal.

    GraphQL reads JSON's escapes except surrogate pairs, so characters beyond the basic plane go as they are.
    """
    escaped = "".join(character if ord(character) > 0xFFFF else json.dumps(character)[1:-1] for character in text)
    return f'"{escaped}"'
