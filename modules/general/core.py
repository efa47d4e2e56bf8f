"""The data sets of load_dataset, from madpy's own files and those inside scikit-learn, which is not imported.

Column names are scikit-learn's own, made into plain SQL names: "mean radius" is mean_radius.
"""

import csv
import gzip
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

INTEGER, NUMBER, TEXT = "integer", "double precision", "text"

IRIS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
WINE = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280_od315_of_diluted_wines",
    "proline",
)
CELL = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave_points",
    "symmetry",
    "fractal_dimension",
)
BREAST_CANCER = [f"mean_{x}" for x in CELL] + [f"{x}_error" for x in CELL] + [f"worst_{x}" for x in CELL]
DIGITS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


@dataclass(frozen=True)
class Column:
    """A column: its values all of the SQL type `type`."""

    name: str
    type: str
    values: list[int] | list[float] | list[str]


@dataclass(frozen=True)
class Dataset:
    """Columns of one length, and what the data are."""

    columns: list[Column]
    description: str


def load(name: str) -> Dataset:
    """Return the data set of a name in NAMES; raise FileNotFoundError without scikit-learn."""
    return LOADERS[name]()


def _iris() -> Dataset:
    columns = _classified("iris.csv", IRIS)
    return Dataset(columns, "iris: 150 flowers of three species, in cm; Fisher 1936, from scikit-learn")


def _wine() -> Dataset:
    columns = _classified("wine_data.csv", WINE)
    return Dataset(columns, "wine: 178 wines of three growers; Aeberhard and Forina, UCI, from scikit-learn")


def _breast_cancer() -> Dataset:
    columns = _classified("breast_cancer.csv", BREAST_CANCER)
    return Dataset(
        columns, "breast_cancer: 569 tumours, Wisconsin diagnostic; Wolberg et al., UCI, from scikit-learn"
    )


def _digits() -> Dataset:
    rows = [[str(int(float(value))) for value in row] for row in _rows("digits.csv.gz", ",")]
    columns = _columns(rows, [*DIGITS, "target"], integers=[*DIGITS, "target"])
    return Dataset(columns, "digits: 1797 written digits, 8 x 8 pixels from 0 to 16; UCI, from scikit-learn")


def _diabetes() -> Dataset:
    rows = _rows("diabetes_data_raw.csv.gz", " ")
    target = [value for (value,) in _rows("diabetes_target.csv.gz", " ")]
    columns = [*_columns(rows, DIABETES, integers=("age", "sex")), _column("target", NUMBER, target)]
    description = "diabetes: 442 patients, in raw units (not scaled); Efron et al. 2004, from scikit-learn"
    return Dataset(columns, description)


def _linnerud() -> Dataset:
    exercise = _columns(_rows("linnerud_exercise.csv", " ")[1:], ("chins", "situps", "jumps"))
    body = _columns(_rows("linnerud_physiological.csv", " ")[1:], ("weight", "waist", "pulse"))
    return Dataset(
        exercise + body, "linnerud: 20 men, exercises and measures; Tenenhaus 1998, from scikit-learn"
    )


def _houses() -> Dataset:
    header, *rows = _read(Path(__file__).parent / "data" / "houses.csv", ",")
    columns = _columns(rows, header, integers=("id", "tax", "bedroom", "size", "lot"))
    return Dataset(columns, "houses: 15 houses, the example of MADlib's manual for linear regression")


LOADERS: dict[str, Callable[[], Dataset]] = {
    "iris": _iris,
    "wine": _wine,
    "breast_cancer": _breast_cancer,
    "digits": _digits,
    "diabetes": _diabetes,
    "linnerud": _linnerud,
    "houses": _houses,
}
NAMES = tuple(LOADERS)


def _classified(file: str, features: Iterable[str]) -> list[Column]:
    """Read a file whose first line has the class names and whose last column is the class."""
    (_, _, *classes), *rows = _rows(file, ",")
    columns = _columns(rows, [*features, "target"], integers=("target",))
    names = [classes[int(row[-1])] for row in rows]
    return [*columns, Column("target_name", TEXT, names)]


def _columns(rows: list[list[str]], names: Iterable[str], integers: Iterable[str] = ()) -> list[Column]:
    return [
        _column(name, INTEGER if name in integers else NUMBER, values)
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    ]


def _column(name: str, sql_type: str, values: Iterable[str]) -> Column:
    if sql_type == INTEGER:
        return Column(name, sql_type, [int(value) for value in values])
    return Column(name, sql_type, [float(value) for value in values])


def _rows(file: str, delimiter: str) -> list[list[str]]:
    """Read the rows of a file of scikit-learn; find_spec finds the package without running code of it."""
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("there is no package sklearn")
    return _read(Path(package.submodule_search_locations[0]) / "datasets" / "data" / file, delimiter)


def _read(path: Path, delimiter: str) -> list[list[str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        return [row for row in csv.reader(lines, delimiter=delimiter) if row]
