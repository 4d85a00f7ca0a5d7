"""The SpectrumX Data System: its gateway (`sds`) and the object store behind it (`sds-s3`)."""
