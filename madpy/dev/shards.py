"""Small private clusters beside the checkout's own one, to be shards: for tests and a benchmark."""

from dataclasses import dataclass
from pathlib import Path

from madpy.dev import cluster
from madpy.dev.server import Address
from madpy.dev.state import State


@dataclass(frozen=True)
class Shard(State):
    """The state of a cluster that takes the library from another one's folder."""

    library: Path

    @property
    def root(self) -> Path:
        return self.library

    @classmethod
    def numbered(cls, state: State, number: int) -> "Shard":
        return cls(state.folder / f"shard-{number}", state.pg_config, state.root)

    def start(self) -> Address:
        """Create and start the cluster, as far as that is not done yet."""
        self.folder.mkdir(mode=0o755, exist_ok=True)
        return Address(str(cluster.ensure_running(self)), database="postgres")

    def stop(self) -> None:
        cluster.stop(self)
