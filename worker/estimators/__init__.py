"""The algorithms: a file per family, each a list of records.  Nothing else can be fitted."""

from typing import Any

from madpy.worker.errors import WorkerError
from madpy.worker.estimators import (
    clusters,
    components,
    gaussian,
    kernels,
    linear,
    linear_classes,
    neighbors,
    neural,
    processes,
    trees,
)
from madpy.worker.estimators.algorithm import Algorithm

FAMILIES = (
    linear, linear_classes, gaussian, neural, clusters, components, trees, kernels, processes, neighbors,
)  # fmt: skip
ALGORITHMS: dict[tuple[str, str], Algorithm] = {
    (one.name, one.task): one for family in FAMILIES for one in family.ALGORITHMS
}
TASKS = ("regression", "classification", "clustering", "decomposition")


def tasks_of(name: str) -> list[str]:
    """Return the tasks that an algorithm has; raise WorkerError for an unknown name."""
    tasks = [task for task in TASKS if (name, task) in ALGORITHMS]
    if not tasks:
        names = sorted({known for known, _ in ALGORITHMS})
        raise WorkerError(f'there is no algorithm "{name}"', hint=f"choose one of: {', '.join(names)}")
    return tasks


def described() -> list[dict[str, Any]]:
    """Return a record of each algorithm for people: its name, task and hyperparameters."""
    return [
        {
            "algorithm": one.name,
            "task": one.task,
            "hyperparams": {name: str(kind) for name, kind in one.parameters.items()},
            "takes_weights": one.takes_weights,
            "takes_nulls": one.takes_nan,
            "several_targets": one.several_targets,
        }
        for one in ALGORITHMS.values()
    ]
