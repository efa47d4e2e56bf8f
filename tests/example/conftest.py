"""The tests of the example need the method in modules/: tests/test_add_method.py runs them in a copy."""

collect_ignore_glob = ["*"]
