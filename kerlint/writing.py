"""Files are written in one piece or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile


def write_atomically(path: str, data: bytes) -> None:
    """Puts data in the place of a file, which keeps its permissions, or makes a new one.

    A link stays a link: what it leads to is replaced.

    Raises:
        OSError: if it cannot be written; the file is then what it was.
    """
    path = os.path.realpath(path)
    handle, temporary = tempfile.mkstemp(prefix=".kerlint-", dir=os.path.dirname(path))
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(path: str) -> int:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        # What `open` would give a new file.
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
