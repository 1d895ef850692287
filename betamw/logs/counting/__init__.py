"""Counts that take a bounded space whatever comes in, and can be added up in any order."""
