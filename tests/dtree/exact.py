"""Tables whose tails matter, and the best split of a node by trying every cut there is; numpy alone."""

import numpy as np

LOW, HIGH = -1e300, 1e300


def table(rng, rows, task):
    """Features (rows, 3) with NaN for NULL, and a target: numbers, or classes from 0."""
    features = np.stack([feature(rng, rows) for _ in range(3)], axis=1)
    features[rng.random((rows, 3)) < rng.choice([0, 0.1])] = np.nan
    signal = np.zeros(rows)
    for column in features.T:
        order = np.nan_to_num(column, nan=rng.choice([LOW, HIGH])).argsort().argsort()
        # the tail of a feature, its middle, or nothing
        cut = rng.choice([0, 0.003, 0.02, 0.5, 0.98, 0.997, 1])
        signal += rng.choice([1, -2, 0]) * (order > cut * rows)
    noise = rng.choice([0.01, 1, 5])
    if task == "variance":
        return features, signal + noise * rng.choice([rng.normal, rng.standard_cauchy])(size=rows)
    classes = 2 if task == "gini" else 4
    if rng.random() < 0.3:  # a class that is rare, and at the end of a feature
        rare = np.nan_to_num(features[:, 0], nan=LOW).argsort()[-max(rows // 200, 3) :]
        target = (rng.random(rows) < 0.02).astype(int)
        target[rare] = classes - 1
        return features, target
    return features, np.clip(np.round(signal + noise * rng.normal(size=rows)), 0, classes - 1).astype(int)


def feature(rng, rows):
    """Values of one of several kinds of long tails, ties and outliers."""
    kind = rng.integers(10)
    if kind == 0:
        return rng.lognormal(0, 3, rows)
    if kind == 1:
        return rng.pareto(0.5, rows)
    if kind == 2:
        return rng.standard_cauchy(rows)
    if kind == 3:
        return np.exp(np.arange(rows) / rows * 10)[rng.permutation(rows)]
    if kind == 4:  # ties
        return np.round(rng.lognormal(1, 1, rows))
    if kind == 5:  # mostly zero
        return np.where(rng.random(rows) < 0.8, 0, rng.pareto(1, rows))
    if kind == 6:
        return np.where(rng.random(rows) < 3 / rows, rng.choice([LOW, HIGH, np.inf]), rng.normal(size=rows))
    if kind == 7:  # values next to each other, and one far away
        return np.where(rng.random(rows) < 0.01, 1e6, 1 + rng.integers(0, 1000, rows) * 2.0**-52)
    if kind == 8:
        return rng.uniform(-1, 1, rows) * 10.0 ** rng.integers(-300, 300, rows)
    return rng.uniform(size=rows)


def loss(target, rows, criterion, classes):
    """Return impurity times rows of sets of rows; `target` has sum and sum of squares, or class counts."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if criterion == "variance":
            return np.where(rows > 0, target[..., 1] - target[..., 0] ** 2 / rows, 0)
        if criterion == "gini":
            return np.where(rows > 0, rows - (target**2).sum(-1) / rows, 0)
        shares = target / rows[..., None]
        return np.where(rows > 0, -(target * np.where(target > 0, np.log2(shares), 0)).sum(-1), 0)


def stats(y, criterion, classes):
    """Return for each row what `loss` sums: value and square, or a 1 in the column of its class."""
    if criterion == "variance":
        centered = y - y.mean()
        return np.stack([centered, centered**2], axis=1)
    return np.eye(classes)[y]


def gain(y, is_left, criterion, classes):
    own = stats(y, criterion, classes)
    parts = [(own[side].sum(axis=0), side.sum()) for side in (is_left | True, is_left, ~is_left)]
    whole, left, right = (loss(sums, np.array(rows), criterion, classes) for sums, rows in parts)
    return float(whole - left - right)


def best_gain(X, y, criterion, classes, min_bucket):
    """The largest gain of all cuts of all features, NULL on either side, or alone."""
    own = stats(y, criterion, classes)
    total, rows = own.sum(axis=0), len(y)
    whole = loss(total, np.array(rows), criterion, classes)
    best = 0.0
    for column in X.T:
        order = column.argsort(kind="stable")
        there = rows - np.isnan(column).sum()
        ordered = column[order[:there]]
        last = np.append(ordered[:-1] < ordered[1:], True) if there else np.zeros(0, bool)
        null = own[np.isnan(column)].sum(axis=0)
        sums = own[order[:there]].cumsum(axis=0)[last]
        number = np.flatnonzero(last) + 1
        for null_left in (0, 1):
            left, left_rows = sums + null_left * null, number + null_left * (rows - there)
            losses = loss(left, left_rows, criterion, classes)
            losses += loss(total - left, rows - left_rows, criterion, classes)
            allowed = np.minimum(left_rows, rows - left_rows) >= min_bucket
            best = max(best, float((whole - losses)[allowed].max(initial=0)))
    return best


def worst_node(X, y, nodes, criterion, classes, limits):
    """The smallest share of the best gain that a node has, of a tree as rows of its table; 1 for none.

    Fails where a node's rows or gain are not what its split makes of them.
    """
    worst, ways = 1.0, {1: np.arange(len(y))}
    by_number = {node["node"]: node for node in nodes}
    for number in sorted(by_number):
        node, rows = by_number[number], ways[number]
        own_X, own_y = X[rows], y[rows]
        assert node["num_rows"] == len(rows)
        few = max(limits["min_split"], 2 * limits["min_bucket"])
        if len(rows) < few or node["depth"] >= limits["max_depth"]:
            continue
        best = best_gain(own_X, own_y, criterion, classes, limits["min_bucket"])
        whole = stats(own_y, criterion, classes).sum(axis=0)
        noise = 1e-9 * max(float(loss(whole, np.array(len(rows)), criterion, classes)), 0)
        if node["is_leaf"]:
            assert best <= noise, (number, best)
            continue
        value = own_X[:, int(node["feature"][1:])]
        is_left = np.where(np.isnan(value), node["null_goes"] == "left", value <= node["threshold"])
        ways[2 * number], ways[2 * number + 1] = rows[is_left], rows[~is_left]
        found = gain(own_y, is_left, criterion, classes)
        np.testing.assert_allclose(node["gain"], found, rtol=1e-6, atol=noise)
        if best > noise:
            worst = min(worst, found / best)
    return worst
