"""The table of ratios in README.md, taken from docs/benchmarks.md."""

from benchmarks.report import EMPTY, Table

BEGIN = "<!-- written by make bench -->"
END = "<!-- to here -->"
PULLED = "pull with ADBC, fit with scikit-learn"
# Name in README, section of the page, and the cases there of madpy, of Python and of MADlib.
TRAININGS = (
    ("linear regression", "Linear regression", "regr_train", "pull with ADBC, fit in numpy", "MADlib 2.1"),
    ("logistic regression, to convergence", "Logistic regression", "logregr_train", PULLED, None),
    ("naive Bayes", "Naive Bayes", "nb_train", PULLED, None),
    ("decision tree of depth 5", "Decision trees", "dtree_train", PULLED, None),
    ("k-means, 8 clusters, 20 iterations", "k-means", "kmeans_train", PULLED, None),
    (
        "correlation matrix",
        "Summaries",
        "correlation",
        "pull with ADBC, correlate in numpy",
        "correlation, MADlib 2.1",
    ),
    (
        "summary of all columns",
        "Summaries",
        "summary",
        "pull with ADBC, describe in numpy",
        "summary, MADlib 2.1",
    ),
)
HEAD = (EMPTY, "madpy", "pulled into Python", "MADlib 2.1, cited")


def with_ratios(readme: str, page: str) -> str:
    """Return the text of README.md with the ratios of the page in place of those that it has."""
    before, _, rest = readme.partition(f"{BEGIN}\n")
    _, _, after = rest.partition(f"{END}\n")
    rows = [
        (name, *(_ratio(page, section, case) if case else EMPTY for case in cases))
        for name, section, *cases in TRAININGS
    ]
    return f"{before}{BEGIN}\n{Table(EMPTY, EMPTY, HEAD, rows).lines()}\n{END}\n{after}"


def _ratio(page: str, section: str, case: str) -> str:
    """Return the multiple of the scan that a section of the page has for a case, with one decimal."""
    lines = page.split(f"\n## {section}\n")[1].split("\n## ")[0].splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    column = table[0].index("x scan")
    for name, *cells in table:
        if name == case or name == f"{case}, cited, not run here":
            return f"{float(cells[column - 1]):.1f}"
    raise ValueError(f'the section "{section}" has no case "{case}"')
