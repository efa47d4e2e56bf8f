"""A service over HTTP as people build it: estimators of scikit-learn behind an ASGI application."""

import http.client
import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.database import FEATURES, names
from madpy.dev.server import Address

APPLICATION = """\
import json, os, pickle
import numpy as np
with open(os.environ["MODELS"], "rb") as file:
    models = pickle.load(file)

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    asked = json.loads(body)
    answer = models[asked["model"]].predict(np.array([asked["features"]]))
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    text = json.dumps({"prediction": float(answer[0])})
    await send({"type": "http.response.body", "body": text.encode()})
"""


class Service:
    """The service, started and stopped as a context, and its client."""

    def __init__(self, address: Address, models: Mapping[str, tuple[str, dict[str, Any]]]) -> None:
        """Fit each model to table `part`: an algorithm and its hyperparameters."""
        self.address = address
        self.folder = tempfile.TemporaryDirectory(prefix="madpy-service-")
        self.models = {name: fitted(address, *model) for name, model in models.items()}

    def __enter__(self) -> "Service":
        folder = Path(self.folder.name)
        (folder / "service.py").write_text(APPLICATION)
        (folder / "models").write_bytes(pickle.dumps(self.models))
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "service:app", "--host", "127.0.0.1", "--port", str(self.port),
             "--log-level", "error", "--timeout-keep-alive", "600"],
            cwd=folder,
            env={"MODELS": str(folder / "models"), "PATH": "", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
                self.ask(next(iter(self.models)), [0.5] * FEATURES)
                return self
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def ask(self, model: str, features: list[float]) -> float:
        """Return the prediction of the service for a row."""
        body = json.dumps({"model": model, "features": features})
        self.connection.request("POST", "/", body, {"content-type": "application/json"})
        prediction: float = json.loads(self.connection.getresponse().read())["prediction"]
        return prediction

    def rate(self, model: str, seconds: float) -> float:
        """Return the rows a second that the service predicts, asked for one after the other."""
        row = [n / FEATURES for n in range(FEATURES)]
        return repeated(lambda: self.ask(model, row), seconds)

    def in_a_client(self, model: str, seconds: float) -> float:
        """Return the rows a second of a client that fetches a row with psycopg and predicts it."""
        import numpy as np
        import psycopg

        estimator = self.models[model]
        address = self.address
        with psycopg.connect(
            host=address.host, port=address.port, user=address.user, dbname=address.database, autocommit=True
        ) as connection:
            numbers = iter(range(1, 10_000_000))

            def one() -> None:
                query = f"SELECT {names()} FROM many WHERE id = %s"
                row = connection.execute(query, [1 + next(numbers) % 1000], prepare=True).fetchone()
                estimator.predict(np.array([row]))

            return repeated(one, seconds)


def fitted(address: Address, algorithm: str, hyperparams: dict[str, Any]) -> Any:
    """Return the estimator of scikit-learn of an algorithm, fitted to the table that projects have."""
    import numpy as np

    from madpy.worker.estimators import ALGORITHMS

    with closing(address.connect()) as connection:
        data = np.array(connection.query(f"SELECT {names()}, y FROM part").getresult())
    return ALGORITHMS[algorithm, "regression"].build(hyperparams, 0).fit(data[:, :-1], data[:, -1])


def repeated(call: Any, seconds: float) -> float:
    """Return how often a second a call ends, called one after the other for some seconds."""
    began = time.perf_counter()
    count = 0
    while time.perf_counter() - began < seconds:
        call()
        count += 1
    return count / (time.perf_counter() - began)


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
