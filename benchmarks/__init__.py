"""Measurements of madpy beside the alternatives, all in one run: `make bench`, `make bench BENCH=--help`."""

import os

# A setting of somebody's shell that picks the BLAS kernels would handicap the peers, which fit in numpy.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
