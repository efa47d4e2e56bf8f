"""Against scikit-learn's KMeans from the same first centroids, and against numpy."""

import numpy as np
import pytest

from tests.kmeans.call import call

cluster = pytest.importorskip("sklearn.cluster")
datasets = pytest.importorskip("sklearn.datasets")


@pytest.mark.parametrize(("name", "k"), [("iris", 3), ("iris", 8), ("digits", 10), ("wine", 5)])
@pytest.mark.parametrize("seed", [0, 1])
def test_inertia_and_centroids(sql, load, centroids, name, k, seed):
    """n_init = 1, iterated until nothing changes."""
    points = load(getattr(datasets, f"load_{name}")().data)
    first = points[np.random.default_rng(seed).choice(len(points), k, replace=False)]
    sql("CREATE TABLE c (cluster_id int, centroid float8[])")
    sql.connection.inserttable(
        "c", [(i, "{" + ",".join(map(repr, c)) + "}") for i, c in enumerate(first.tolist())]
    )
    model = cluster.KMeans(k, init=first, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(points)
    (row,) = sql.rows(call(k=k, init="c", max_iter=1000, tolerance=0.0))
    assert row["inertia"] == pytest.approx(model.inertia_, rel=1e-9)
    assert centroids() == pytest.approx(model.cluster_centers_, rel=1e-9, abs=1e-9)
    sql("SELECT madlib.kmeans_predict('m', 't', 'p')")
    assert [c for (c,) in sql("SELECT cluster_id FROM p ORDER BY pid")] == model.labels_.tolist()


@pytest.mark.parametrize("init", ["kmeans++", "kmeans||"])
@pytest.mark.parametrize(("name", "k"), [("iris", 3), ("digits", 10)])
def test_seeding_is_as_good(sql, load, name, k, init):
    """The median inertia of five seeds, against that of scikit-learn's own k-means++."""
    points = load(getattr(datasets, f"load_{name}")().data)
    theirs = [cluster.KMeans(k, n_init=1, random_state=seed).fit(points).inertia_ for seed in range(5)]
    ours = [
        sql.rows(call(k=k, init=init, seed=seed, output_table=f"m{seed}"))[0]["inertia"] for seed in range(5)
    ]
    assert np.median(ours) <= 1.02 * np.median(theirs)


def test_cosine_is_euclidean_on_the_sphere(sql, load, centroids):
    points = load(np.random.default_rng(4).normal(size=(400, 3)))
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    (row,) = sql.rows(call(k=5, distance="cosine", tolerance=0.0))
    found = centroids()
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(5), rel=1e-14)
    nearest = (unit @ found.T).argmax(axis=1)
    assert row["inertia"] == pytest.approx((1 - (unit @ found.T).max(axis=1)).sum(), rel=1e-12)
    for c in range(5):
        mean = unit[nearest == c].mean(axis=0)
        assert found[c] == pytest.approx(mean / np.linalg.norm(mean), rel=1e-12)


def test_far_from_zero(sql, load, centroids):
    """Heaps 1 apart at 1e9: |x|^2 - 2 x c + |c|^2 would see nothing of them."""
    rng = np.random.default_rng(8)
    points = load(1e9 + np.repeat([[0.0, 0], [1, 0], [0, 1]], 100, axis=0) + rng.normal(0, 0.01, (300, 2)))
    sql(call(k=3))
    expected = points.reshape(3, 100, 2).mean(axis=1)
    assert np.array(sorted(centroids().tolist())) == pytest.approx(
        np.array(sorted(expected.tolist())), rel=1e-15
    )


@pytest.mark.parametrize("distance", ["squared_euclidean", "manhattan"])
@pytest.mark.parametrize(("scale", "offset"), [(1, 1e10), (1, -1e15), (1e-145, 0), (1e130, 0)])
def test_inertia_far_from_zero(load, train, distance, scale, offset):
    """Compare the sum of distances to the centroids for points in eighths, which an offset does not round."""
    points = np.round(np.random.default_rng(5).normal(size=(300, 3)) * [8, 80, 800]) / 8 * scale + offset
    load(points)
    found = train(4, distance=distance)
    assert found["inertia"] == pytest.approx(inertia(points, found["centroids"], distance), rel=1e-12)


@pytest.mark.parametrize("distance", ["squared_euclidean", "manhattan"])
@pytest.mark.parametrize("far", [1e12, 1e16])
def test_inertia_beside_a_point_far_out(load, train, distance, far):
    """Which has a cluster of its own, and no part in the sum."""
    points = np.append(np.random.default_rng(6).normal(size=(300, 3)), [[far, 0, -far]], axis=0)
    load(points)
    found = train(4, distance=distance)
    assert found["inertia"] == pytest.approx(inertia(points, found["centroids"], distance), rel=1e-12)


def inertia(points, centroids, distance):
    ways = np.abs(points[:, None] - np.array(centroids, float)[None])
    return (ways if distance == "manhattan" else ways**2).sum(axis=2).min(axis=1).sum()
