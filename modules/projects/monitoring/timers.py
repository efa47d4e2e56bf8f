"""Cron expressions as calendar expressions of systemd timers (systemd.time).  Pure: no database."""

import re

DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ITEM = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>[1-9]\d?))?")


def calendar_of(schedule: str) -> str | None:
    """Return the calendar expression of a cron expression, None if there is not one that says the same.

    Cron takes a day that either the month's or the week's field names, and systemd one that both do.
    """
    fields = schedule.split()
    if len(fields) != 5 or (fields[2] != "*" and fields[4] != "*"):
        return None
    minute, hour = (_field(text, 0, last) for text, last in zip(fields[:2], (59, 23), strict=True))
    sign, day = ("~", "01") if fields[2] == "$" else ("-", _field(fields[2], 1, 31))
    month, week = _field(fields[3], 1, 12), _days(fields[4])
    if None in (minute, hour, day, month, week):
        return None
    return f"{week}*-{month}{sign}{day} {hour}:{minute}:00"


def _field(text: str, least: int, most: int) -> str | None:
    """Return a field of numbers, or of names of months; None for one that is not valid."""
    items = []
    for one in text.lower().split(","):
        match = ITEM.fullmatch(one)
        if match is None:
            return None
        first, last, step = match.groups()
        names = MONTHS if most == len(MONTHS) else ()
        ends = [_number(end, names, 1) for end in (first, last) if end not in ("*", None)]
        known = sorted(end for end in ends if end is not None and least <= end <= most)
        if known != ends or (first == "*" and last) or (step and len(ends) == 1):
            return None
        if first == "*":
            items.append(f"{least}/{step}" if step else "*")
        else:
            items.append("..".join(f"{end:02}" for end in ends) + (f"/{step}" if step else ""))
    return ",".join(items)


def _days(text: str) -> str | None:
    """Return the days of the week and a space, nothing for all; None for a field that is not valid."""
    if text == "*":
        return ""
    days = set()
    for one in text.lower().split(","):
        match = ITEM.fullmatch(one)
        if match is None or match["first"] == "*" or match["step"]:
            return None
        names = tuple(day.lower() for day in DAYS[:7])
        first = _number(match["first"], names, 0)
        last = _number(match["last"] or match["first"], names, 0)
        if first is None or last is None or not 0 <= first <= last <= 7:
            return None
        days |= {DAYS[day] for day in range(first, last + 1)}
    return ",".join(day for day in DAYS[1:] if day in days) + " "


def _number(text: str, names: tuple[str, ...], first: int) -> int | None:
    """Return a number that is written in digits, or as one of the names, whose first one is `first`."""
    if text in names:
        return names.index(text) + first
    return int(text) if text.isdecimal() else None
