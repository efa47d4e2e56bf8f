"""Records: classes of typed fields that do not change, for all that a first call of a session loads.

mypy takes a subclass of Record for a frozen dataclass.  It costs a first call less: the module dataclasses
imports inspect and compiles methods for each class (decision 34).  A class of a module that imports numpy may
be a dataclass: beside numpy the difference is small.
"""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, cast, dataclass_transform

R = TypeVar("R", bound="Record")
Value = TypeVar("Value")


class _Factory:
    """The default of a field that is created for each record."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], Value]) -> Value:
    """Return the default of a field whose value is created for each record, such as a list."""
    return cast(Value, _Factory(default_factory))


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record:
    """Base of records: their fields are the annotations of the class, those of its bases first.

    With `kw_only` mypy wants the fields of the class by their names.
    """

    __fields__: ClassVar[dict[str, Any]] = {}  # the type of each field, by its name
    __defaults__: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        own = cls.__annotations__
        defaults = {name: vars(cls)[name] for name in own if name in vars(cls)}
        cls.__fields__ = {**cls.__fields__, **own}
        cls.__defaults__ = {**cls.__defaults__, **defaults}

    def __init__(self, *values: Any, **named: Any) -> None:
        given = {**dict(zip(self.__fields__, values, strict=False)), **named}
        whole = {**self.__defaults__, **given}
        if len(given) < len(values) + len(named) or whole.keys() != self.__fields__.keys():
            raise TypeError(f"{type(self).__name__} takes each of {', '.join(self.__fields__)} once")
        for name, value in whole.items():
            self.__dict__[name] = value.make() if isinstance(value, _Factory) else value

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(self) is not type(other):
            return NotImplemented
        return as_dict(self) == as_dict(other)

    def __hash__(self) -> int:
        return hash(tuple(as_dict(self).values()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in as_dict(self).items())
        return f"{type(self).__name__}({values})"


def as_dict(record: Record) -> dict[str, Any]:
    """Return the values of a record's fields by their names, in order."""
    return {name: getattr(record, name) for name in record.__fields__}


def replace(record: R, **changes: Any) -> R:
    """Return a record like another one, with other values in some fields."""
    return type(record)(**{**as_dict(record), **changes})
