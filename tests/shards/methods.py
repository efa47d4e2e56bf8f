"""Every method over a table, and what of its output has to be the same wherever the rows lie."""

from tests.methods import Method, gathered

METHODS: dict[str, Method] = gathered("METHODS")
