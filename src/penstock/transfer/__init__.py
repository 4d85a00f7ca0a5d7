"""Plan, schedule, fetch, decode, write, verify, record: the engine, which knows no platform."""
