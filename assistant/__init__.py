"""Where people and programs meet the product."""

__version__ = "0.1.0"
