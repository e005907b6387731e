"""Files are written in one piece or not at all, and stay the same file to everybody else."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from typing import BinaryIO

from kerlint.files import project_root, read_file


def write_atomically(path: str, data: bytes) -> None:
    """Puts data in the place of a file, which keeps its permissions, its owner and its attributes, or makes a new one.

    A link stays a link: what it leads to is replaced. A file with several names, or one whose owner or extended
    attributes could not be kept, access control lists among them, is not replaced but overwritten.

    Raises:
        OSError: if it cannot be written, or is a link that leads out of its project; the file is then what it was.
    """
    if leads_out(path):
        raise OSError("it is a link that leads out of the project")
    path = os.path.realpath(path)
    handle, temporary = tempfile.mkstemp(prefix=".kerlint-", dir=os.path.dirname(path))
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if _may_be_replaced(path, temporary) and _is_like(path, temporary):
            os.replace(temporary, path)
        else:
            # That it could be written once means that there is room for it.
            os.unlink(temporary)
            _overwrite(path, data)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def leads_out(path: str) -> bool:
    """Whether a path, or a folder on its way from the current one, is a link to outside of the project it is in.

    Who wrote the project may have put it there, for somebody else's file to be overwritten. Links on the way to the
    current folder are the user's own.
    """
    here = os.path.join(os.getcwd(), "")
    link = os.path.abspath(path)
    if _is_link_out(link):
        return True
    while (link := os.path.dirname(link)).startswith(here):
        if _is_link_out(link):
            return True
    return False


def _is_link_out(path: str) -> bool:
    if not os.path.islink(path):
        return False
    root = os.path.realpath(project_root(os.path.dirname(path)))
    return not os.path.realpath(path).startswith(os.path.join(root, ""))


def write_report(path: str, data: bytes) -> None:
    """Writes what somebody has asked for: in one piece if it is a file, and as it comes into a pipe or a device.

    Raises:
        OSError: as in `write_atomically`.
    """
    if os.path.exists(path) and (not os.path.isfile(path) or path.startswith(("/dev/", "/proc/"))):
        with open(path, "wb") as stream:
            stream.write(data)
        return
    write_atomically(path, data)


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


def _may_be_replaced(path: str, temporary: str) -> bool:
    """Whether a new file can take the place of an old one, whose owner it gets."""
    try:
        state = os.stat(path)
    except FileNotFoundError:
        return True
    if state.st_nlink > 1:
        return False
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(temporary, state.st_uid, state.st_gid)
    new = os.stat(temporary)
    return (new.st_uid, new.st_gid) == (state.st_uid, state.st_gid)


def _is_like(path: str, temporary: str) -> bool:
    """Gives a new file the permissions and the extended attributes of an old one, and says whether it has them all."""
    os.chmod(temporary, _mode(path))
    if not os.path.exists(path):
        return True
    wanted, given = _attributes(path), _attributes(temporary)
    if wanted == given:
        return True
    # Where they may not be set it is seen below.
    with contextlib.suppress(OSError):
        for name in given.keys() - wanted.keys():
            os.removexattr(temporary, name)
        for name, value in wanted.items():
            if given.get(name) != value:
                os.setxattr(temporary, name, value)
    return _attributes(temporary) == wanted


def _attributes(path: str) -> dict[str, bytes]:
    """The extended attributes of a file, access control lists among them; none where the system has none."""
    if not hasattr(os, "listxattr"):
        return {}
    found: dict[str, bytes] = {}
    with contextlib.suppress(OSError):
        for name in os.listxattr(path):
            with contextlib.suppress(OSError):
                found[name] = os.getxattr(path, name)
    return found


def _overwrite(path: str, data: bytes) -> None:
    """Writes into a file as it is; what was in it is put back if that fails."""
    with open(path, "r+b") as file:
        before = file.read()
        try:
            _write(file, data)
        except OSError:
            with contextlib.suppress(OSError):
                _write(file, before)
            raise


def _write(file: BinaryIO, data: bytes) -> None:
    file.seek(0)
    file.write(data)
    file.truncate()
    file.flush()


def _mode(path: str) -> int:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        # What `open` would give a new file.
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
