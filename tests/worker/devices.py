"""Devices that tests fit on: numpy, a module that has the standard and no more, and a GPU if there is one."""

import array_api_strict
import numpy as np
import pytest

from madpy.worker.device import Device, chosen, described

NUMPY = Device("numpy", np)
STRICT = Device("strict", array_api_strict)


def gpu():
    """The GPU; the test is skipped where there is none."""
    facts = described("auto")
    if facts["device"] != "cuda":
        pytest.skip(f"there is no GPU: {facts['detail']}")
    return chosen("cuda", 4 * 1024 * 1024, 0)


DEVICES = {"numpy": lambda: NUMPY, "strict": lambda: STRICT, "gpu": gpu}
