"""Turning the rulebook's files into what the library works with."""
