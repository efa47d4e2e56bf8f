"""Calls of projects, for the tests of all methods: see tests/methods.py."""

from tests.methods import DRIVER
from tests.sk.calls import PACKED as SK

SCORED = ("predict", "predict_class", "predict_proba", "predict_joint")
FEATURES = dict.fromkeys((*SCORED, *(name.replace("predict", "score") for name in SCORED)), 3)
PACKED = {"score": SK["sk_"]}
SCORES = "predict and the like call it, with the caller's rights"
RIGHTS = {
    "__may": "views call it with the reader's rights, and it tells nothing but these",
    "__write": "it calls functions that check themselves what the caller may do",
    "__caller": "it is an error outside of __write",
    "__caller_may": "it is an error outside of __write",
    "__schedules": "the view schedules calls it, with the reader's rights",
    "__score": SCORES,
    "__score_class": SCORES,
    "__score_proba": SCORES,
    "__score_joint": SCORES,
    "__explain": SCORES,
    "__score_by_now": DRIVER,
    "__part": DRIVER,
    "__hash": DRIVER,
    "__models_of_table": "explain calls it, with the caller's rights",
}
