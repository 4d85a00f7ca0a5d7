"""One folder a platform; none knows of the others."""
