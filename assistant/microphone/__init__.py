"""The microphone: what is spoken is on disk before anything else happens to it."""
