"""Records that a FHIR R4 server holds: one patient's, fetched while the request is taken in, and kept as a file is."""
