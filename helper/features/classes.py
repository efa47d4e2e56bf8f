"""The classes of a classification: the distinct values of its target, coded from 0 in their type's order."""

from collections.abc import Sequence

from madpy.errors import MadpyError
from madpy.helper.checks.expressions import check_expression
from madpy.helper.features.categories import check_order, own_code_item
from madpy.helper.features.collations import with_exact_collations
from madpy.helper.features.design import Category, category_item
from madpy.helper.features.levels import TARGET, levels_of
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.types import NUMBERS
from madpy.records import Record

MAX_CLASSES = 1000


class Classes(Record):
    """The classes of a target: `item` is SQL of a row's code, `labels` are the classes, as text."""

    item: str
    labels: list[str]
    sql_type: str


def check_classes(
    source: Source, text: str | None, most: int = MAX_CLASSES, conditions: Sequence[str] = ()
) -> Classes:
    """Read the classes of the target, at least two and at most `most`; rows where it is NULL have none.

    Rows count for which all `conditions`, SQL, are true.
    """
    category = class_category(source, text)
    labels = levels_of(source, category, TARGET, most, conditions)
    return classes_of(source, category, labels, is_weighted=bool(conditions))


def class_category(source: Source, text: str | None) -> Category:
    """Return the target as a category, without reading the source."""
    expressions = check_expression(source, text, "target", "any")
    (item,) = with_exact_collations(source, expressions.items, expressions.types)
    category = Category(category_item(item, expressions.types[0]), expressions.types[0])
    check_order(source, category, TARGET)
    return category


def classes_of(
    source: Source, category: Category, labels: list[str], *, is_weighted: bool = False
) -> Classes:
    """Return the classes with these labels; raise an error for fewer than two."""
    if not labels:
        empty = not source.db.execute(source.first_values("1", 1))
        if empty:
            raise MadpyError(f'table "{source.name}" is empty', hint="give a table that has rows")
        if is_weighted:
            raise MadpyError(
                "no row has both a target and a weight that is not zero",
                hint="choose another target, or other weights",
            )
        raise MadpyError("the target is NULL in every row", hint="choose another target")
    if len(labels) == 1:
        raise MadpyError(f"the target has one class only: {labels[0]}", hint="choose another target")
    return Classes(
        own_code_item(source.db, category.item, category.sql_type, labels), labels, category.sql_type
    )


def label_type(sql_type: str) -> str:
    """Return the type of labels in output tables: that of the target if a number or boolean, else text.

    A type named in a model is not used, as any user may have made the model.
    """
    return next((known for known in (*NUMBERS, "boolean") if known == sql_type), "text")
