"""Sessions, retries, limits, paging and redaction: the only room that knows a network library."""
