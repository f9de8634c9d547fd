"""The clinical work: values in, values out. Never imports ``assistant``."""
