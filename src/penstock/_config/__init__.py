"""Settings in layers, secrets that do not leak, and where files live."""
