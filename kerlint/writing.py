"""Writes a fixed file, all of it or nothing."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile

from kerlint.files import read_file


def write_file(path: str, data: bytes, expected: bytes) -> None:
    """Replaces the content of a file; whoever reads it meanwhile sees the old one or the new one.

    A link stays a link, and the file keeps its mode and, as far as that is allowed, its owner.

    Args:
        expected: what the file is to hold still.

    Raises:
        OSError: it cannot be written, or somebody else has changed it.
    """
    real = os.path.realpath(path)
    state = os.stat(real)
    if not os.access(real, os.W_OK):
        # Only the folder would have to be writable for what follows, and that is not what a mode means.
        raise PermissionError(13, "Permission denied", path)
    descriptor, temporary = tempfile.mkstemp(prefix=".kerlint-", suffix=".tmp", dir=os.path.dirname(real))
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(OSError, AttributeError):
            os.chown(temporary, state.st_uid, state.st_gid)
        os.chmod(temporary, stat.S_IMODE(state.st_mode))
        if read_file(real) != expected:
            raise OSError("it has been changed meanwhile")
        os.replace(temporary, real)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
