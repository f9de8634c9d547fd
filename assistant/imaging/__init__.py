"""Images that a DICOMweb archive holds: fetched while the request is taken in, and kept as files are."""
