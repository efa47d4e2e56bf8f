"""A worker's answers to a fit that it can fit, and not send."""

import os
import socket

import numpy as np

from madpy.worker import protocol, serve
from madpy.worker.protocol import Message, receive

REQUEST = {
    "do": "fit",
    "may_leave_out": True,
    "memory_kb": 2**20,
    "threads": 1,
    "device": "cpu",
    "gpu_memory_kb": 0,
    "algorithm": "ridge",
    "task": "x",
}


def test_a_model_that_is_too_large(monkeypatch):
    monkeypatch.setattr(protocol, "MOST_BYTES", 1000)
    monkeypatch.setattr(serve, "fit", lambda *_: iter([({"event": "model"}, [np.zeros(1000)])]))
    for name in ("ftruncate", "lseek"):  # standard error is pytest's here
        monkeypatch.setattr(os, name, lambda *_: None)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not serve.Session(theirs, theirs)._fit(Message(REQUEST))
        answer = receive(ours).content
    assert (answer["event"], answer["sqlstate"]) == ("error", "54000")
    assert answer["message"] == "the model is too large for a column of a table"
    assert answer["detail"] == "it has 65 bytes of names and 8000 of numbers"
