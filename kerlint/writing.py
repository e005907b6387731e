"""Files are written in one piece or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile

from kerlint.files import read_file


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
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            with contextlib.suppress(OSError, AttributeError):
                state = os.stat(path)
                os.chown(temporary, state.st_uid, state.st_gid)
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def rewrite(path: str, data: bytes, expected: bytes) -> None:
    """Puts changed data in the place of what was read from a file.

    Args:
        expected: what was read, and the file is to hold still.

    Raises:
        OSError: if it cannot be written, or somebody else has changed it.
    """
    if not os.access(path, os.W_OK):
        # Only the folder would have to be writable, and that is not what the permissions of a file mean.
        raise PermissionError(13, "Permission denied", path)
    if read_file(path) != expected:
        raise OSError("it has been changed meanwhile")
    write_atomically(path, data)


def _mode(path: str) -> int:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        # What `open` would give a new file.
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
