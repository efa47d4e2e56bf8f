"""sk: the algorithms of scikit-learn, fitted by the worker and scored in C.  Manual: README.md."""
