"""Rules of the services that no SDK's types express, where several share one."""

from itertools import pairwise


def alternate(roles, first=None):
    """Turns change with every message."""
    assert all(one != after for one, after in pairwise(roles)), f"two turns of one role: {roles}"
    assert first is None or roles[0] == first, f"{roles[0]} speaks first, not {first}"
