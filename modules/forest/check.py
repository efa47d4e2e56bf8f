"""The settings of forest_train."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.features.class_weights import BALANCED, ClassWeights
from madpy.helper.features.subject import Subject
from madpy.modules.forest import layout
from madpy.modules.forest.core import features_drawn
from madpy.records import Record

MOST_TREES = 100_000
DEEPEST = 2**31 - 1
LARGEST = 2**31 - 1  # no node has more rows


class Settings(Record):
    """The checked arguments that say how trees are grown; None: it depends on the features or the rows."""

    num_trees: int
    max_depth: int | None
    min_split: int
    min_bucket: int
    num_features: int | None
    sample_ratio: float
    replacement: bool
    splitter: str
    importance: bool
    oob: bool
    seed: int

    def numbers(self, subject: Subject, weights: ClassWeights) -> list[float]:
        """Return what the C functions take."""
        given = {
            layout.SETTING_TREES: self.num_trees,
            layout.SETTING_MAX_DEPTH: DEEPEST if self.max_depth is None else self.max_depth,
            layout.SETTING_MIN_SPLIT: self.min_split,
            layout.SETTING_MIN_BUCKET: self.min_bucket,
            layout.SETTING_NUM_FEATURES: self.features_of(subject),
            layout.SETTING_SAMPLE_RATIO: self.sample_ratio,
            layout.SETTING_REPLACEMENT: self.replacement,
            layout.SETTING_RANDOM: self.splitter == "random",
            layout.SETTING_ENTROPY: subject.criterion == "entropy",
            layout.SETTING_OOB: self.oob,
            layout.SETTING_BALANCED: weights == BALANCED,
            layout.SETTING_PERMUTATION: self.importance,
            layout.SETTING_SEED: self.seed,
        }
        own = weights if isinstance(weights, list) else [1.0] * len(subject.classes)
        return [float(given[number]) for number in range(layout.SETTING_FIELDS)] + own

    def features_of(self, subject: Subject) -> int:
        """Return the number of features that are drawn at each split."""
        if self.num_features is not None:
            return self.num_features
        return features_drawn(len(subject.features.features), bool(subject.classes))


def check_settings(
    num_trees: int | None,
    max_depth: int | None,
    min_split: int | None,
    min_bucket: int | None,
    num_features: int | None,
    sample_ratio: float | None,
    replacement: bool | None,
    splitter: str | None,
    importance: bool | None,
    oob: bool | None,
    seed: int | None,
    count: int,
) -> Settings:
    """Check each of these arguments; `count` is the number of features."""
    helper.check_choice("splitter", splitter, ["best", "random"])
    ratio = helper.check_range("sample_ratio", sample_ratio, 0, 1)
    if ratio < 1e-9:
        raise MadpyError(
            f"sample_ratio must be above 0, not {ratio:g}", hint="give the share of rows of a tree"
        )
    importance = _check_flag("importance", importance)
    oob = _check_flag("oob", oob)
    replacement = _check_flag("replacement", replacement)
    if importance and not oob:
        raise MadpyError("importance by permutation needs out-of-bag rows", hint="leave out oob => false")
    if importance and not replacement and ratio == 1:
        raise MadpyError(
            "every tree is grown from all rows, so that none are out of bag",
            hint="give a smaller sample_ratio",
        )
    return Settings(
        num_trees=int(helper.check_range("num_trees", num_trees, 1, MOST_TREES)),
        max_depth=None if max_depth is None else int(helper.check_range("max_depth", max_depth, 0, DEEPEST)),
        min_split=min(int(helper.check_range("min_split", min_split, 2)), LARGEST),
        min_bucket=min(int(helper.check_range("min_bucket", min_bucket, 1)), LARGEST),
        num_features=None
        if num_features is None
        else int(helper.check_range("num_features", num_features, 1, count)),
        sample_ratio=ratio,
        replacement=replacement,
        splitter=str(splitter),
        importance=importance,
        oob=oob,
        seed=int(helper.check_range("seed", seed, 0, 2**31 - 1)),
    )


def _check_flag(name: str, value: bool | None) -> bool:
    if value is None:
        raise MadpyError(f"{name} must not be null", sqlstate="22004", hint="give true or false")
    return value
