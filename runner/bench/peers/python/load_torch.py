"""Loads PyTorch without NVIDIA's libraries: functions that only a graphics processor needs are bound when called, never."""

import os
import sys

_flags = sys.getdlopenflags()
sys.setdlopenflags(os.RTLD_LAZY)
import torch  # noqa: E402

sys.setdlopenflags(_flags)
