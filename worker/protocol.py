"""Messages between the server and its worker: JSON, then arrays of numbers; nothing is unpickled.

    4 bytes   MPW1
    uint32    bytes of the JSON, in UTF-8
    uint64    bytes of the arrays
    the JSON, an object; its entry "arrays" has dtype and shape of each array
    the arrays, consecutive, little-endian, row by row

A request may carry a file descriptor, sent with its first bytes.
"""

import array
import json
import math
import select
import socket
import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"MPW1"
HEAD = struct.Struct("<4sIQ")
MOST_JSON = 64 * 2**20
MOST_BYTES = 2**30  # limit for the arrays of a message: no bytea is larger
MOST_ARRAYS = 1000
DTYPES = {"<f8": 8, "<i4": 4, "<i8": 8, "|u1": 1}  # names of numpy, and bytes of a number
PIECE = 2**20  # bytes that are sent or received at once
Wait = Callable[[int], None]


class ProtocolError(Exception):
    """Bytes that are no message."""


class TooLargeError(ProtocolError):
    """A message that would be larger than a receiver takes; nothing of it was sent."""


class Closed(Exception):  # noqa: N818  (an event of a connection)
    """The other side has closed the connection."""


class Array(NamedTuple):
    """Numbers as they came; the server does without numpy, whose import takes a tenth of a second."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview

    @property
    def nbytes(self) -> int:
        return len(self.data)


class Message(NamedTuple):
    """A message: `content` is its JSON; `files` are descriptors, which belong to the receiver.

    Its arrays are of numpy where it is sent, and an `Array` each where it is received.
    """

    content: dict[str, Any]
    arrays: "Sequence[NDArray[Any] | Array]" = ()
    files: Sequence[int] = ()


def send(connection: socket.socket, message: Message, wait: Wait = lambda event: None) -> None:
    """Send a message; raise Closed where nobody receives any more, TooLargeError if it is too large.

    `wait` is called with select.POLLOUT before each write, see `receive`.
    """
    arrays: Sequence[Any] = message.arrays
    listed = [{"dtype": _dtype(one), "shape": list(one.shape)} for one in arrays]
    text = json.dumps({**message.content, "arrays": listed}, allow_nan=False).encode()
    data = [one.astype(one.dtype.newbyteorder("<"), copy=False).tobytes() for one in arrays]
    size = sum(map(len, data))
    if len(text) > MOST_JSON or size > MOST_BYTES:
        raise TooLargeError(f"{len(text)} bytes of names and {size} of numbers")
    try:
        _send_all(connection, HEAD.pack(MAGIC, len(text), size), wait, message.files)
        for part in (text, *data):
            _send_all(connection, part, wait)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Closed from error


def _send_all(connection: socket.socket, data: bytes, wait: Wait, files: Sequence[int] = ()) -> None:
    """Send bytes, and with the first of them descriptors."""
    rest = memoryview(data)
    while rest:
        wait(select.POLLOUT)
        try:
            piece = rest[:PIECE]
            sent = socket.send_fds(connection, [piece], files) if files else connection.send(piece)
        except BlockingIOError:
            continue
        rest = rest[sent:]
        files = ()


def receive(connection: socket.socket, wait: Wait = lambda event: None, most_files: int = 0) -> Message:
    """Receive a message.

    `wait` is called with select.POLLIN before each read, and returns when there may be something to read.
    Raises Closed at the end of the connection, ProtocolError for bytes that are no message.
    """
    files: list[int] = []
    head = _exactly(connection, HEAD.size, wait, files, most_files)
    magic, json_bytes, array_bytes = HEAD.unpack(head)
    if magic != MAGIC or json_bytes > MOST_JSON or array_bytes > MOST_BYTES:
        raise ProtocolError("the head of a message is wrong")
    text = _exactly(connection, json_bytes, wait)
    data = _exactly(connection, array_bytes, wait)
    try:
        content = json.loads(text)
        listed = content.pop("arrays")
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise ProtocolError("the JSON of a message cannot be read") from error
    return Message(content, _arrays(listed, data), files)


def _exactly(
    connection: socket.socket, size: int, wait: Wait, files: list[int] | None = None, most_files: int = 0
) -> bytearray:
    """Receive `size` bytes, and with them descriptors into `files`."""
    result = bytearray()
    space = socket.CMSG_LEN(most_files * array.array("i").itemsize) if files is not None else 0
    while len(result) < size:
        wait(select.POLLIN)
        try:
            data, beside, _, _ = connection.recvmsg(
                min(size - len(result), PIECE), space, socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            continue
        except ConnectionResetError as error:
            raise Closed from error
        for level, kind, body in beside:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS and files is not None:
                received = array.array("i")
                received.frombytes(body[: len(body) - len(body) % received.itemsize])
                files += received
        if not data:
            raise Closed
        result += data
    return result


def _arrays(listed: Any, data: bytearray) -> list[Array]:
    if not isinstance(listed, list) or len(listed) > MOST_ARRAYS:
        raise ProtocolError("the list of arrays of a message is too long, or no list")
    result = []
    rest = memoryview(data)
    try:
        for one in listed:
            dtype, shape = one["dtype"], tuple(int(length) for length in one["shape"])
            if dtype not in DTYPES or any(length < 0 for length in shape):
                raise ProtocolError("an array of a message is of no known type")
            size = math.prod(shape) * DTYPES[dtype]
            if size > len(rest):
                raise ProtocolError("a message is shorter than its arrays")
            result.append(Array(dtype, shape, rest[:size]))
            rest = rest[size:]
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise ProtocolError("an array of a message cannot be read") from error
    if rest:
        raise ProtocolError("a message is longer than its arrays")
    return result


def _dtype(one: "NDArray[Any]") -> str:
    name = one.dtype.newbyteorder("<").str
    if name not in DTYPES:
        raise ProtocolError(f"arrays of {name} are not sent")
    return name
