"""A call of regr_train as SQL."""

from functools import partial

from tests.call import supervised

call = partial(supervised, "regr_train")
