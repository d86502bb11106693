"""Waiting for a condition, never longer than told."""

import time


def wait_until(condition, timeout=10, what="the condition"):
    """Returns the condition's first true value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout} s")
        time.sleep(0.01)
