"""Errors of scikit-learn that users meet, in the words of madpy: a fact about the fit, and what to do."""

import re

SCALE = "scale the features: preprocess => '\"auto\"'"
# The text of the library, the fact, whose {0}, {1} are groups of the text, and the hint.
KNOWN = [
    (
        r"Expected n_neighbors <= n_samples_fit, but n_neighbors = (\d+), n_samples_fit = (\d+)",
        "n_neighbors is {0}, and {1} row(s) can be used",
        "lower n_neighbors",
    ),
    (
        r"n_samples=(\d+) should be >= n_clusters=(\d+)",
        "n_clusters is {1}, and {0} row(s) can be used",
        "lower n_clusters",
    ),
    (
        r"n_components=(\d+) must be between 0 and min\(n_samples, n_features\)=(\d+)",
        "n_components is {0}, and the rows have {1} component(s) at most",
        "lower n_components",
    ),
    (
        r"n_components\((\d+)\) must be <= n_features\((\d+)\)",
        "n_components is {0}, and the rows have {1} component(s) at most",
        "lower n_components",
    ),
    (
        r"n_components cannot be larger than min\(n_features, n_classes - 1\)",
        "n_components is larger than the number of columns, or of classes less one",
        "lower n_components",
    ),
    (
        r"number of atoms cannot be more than the number of features",
        "n_nonzero_coefs is larger than the number of columns",
        "lower n_nonzero_coefs",
    ),
    (
        r"`min_samples` may not be larger than number of samples: n_samples = (\d+)",
        "min_samples is larger than the number of rows that can be used, {0}",
        "lower min_samples",
    ),
    (
        r"Found array with (\d+) sample\(s\).*a minimum of (\d+) is required",
        "{0} row(s) can be used, and the algorithm needs {1}",
        "give more rows, or choose another algorithm",
    ),
    (
        r"number of samples must be more than the number of classes",
        "there are no more rows than classes",
        "give more rows, or choose another algorithm",
    ),
    (
        r"has only 1 sample in class",
        "a class has one row only",
        "leave out rows of such classes, or choose another algorithm",
    ),
    (
        r"covariance matrix of class \S+ is not full rank",
        "in the rows of a class some features follow from others",
        "leave out such features, or raise reg_param",
    ),
    (
        r"Negative values in data passed to",
        "a feature has numbers below zero",
        'scale it, preprocess => \'{{"*": {{"scale": "min_max"}}}}\', or choose pca',
    ),
    (
        r"BaseClassifier in AdaBoostClassifier ensemble is worse than random",
        "the features tell nothing about the classes",
        "give other features, or choose another algorithm",
    ),
    (r"specified nu is infeasible", "nu is too large for classes of such different sizes", "lower nu"),
    (r"coefficients or intercepts are not finite", "a coefficient is not finite", f"{SCALE}, or lower nu"),
    (r"Floating-point under-/overflow occurred", "a coefficient overflows", f"{SCALE}, or lower alpha"),
]


def known(text: str) -> tuple[str, str] | None:
    """Return the fact and the hint for a text of scikit-learn, None for one that is not known."""
    for pattern, fact, hint in KNOWN:
        if match := re.search(pattern, text, re.DOTALL):
            return fact.format(*match.groups()), hint.format()
    return None
