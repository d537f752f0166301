"""Worlds and small disks, as the other cases of running have them."""

from tests.faults.runner.conftest import forms_cache, mount, place

__all__ = ["forms_cache", "mount", "place"]  # fixtures
