"""What holds for all tests."""

from __future__ import annotations

import os
import signal

# A shell that starts a program in the background has it ignore interrupts, and all that it starts inherits that.
# The tests that interrupt kerlint need it to listen.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Inside GitHub Actions kerlint prints another format than elsewhere, and the tests are about elsewhere.
os.environ.pop("GITHUB_ACTIONS", None)
