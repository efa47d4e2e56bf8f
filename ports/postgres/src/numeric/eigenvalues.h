/*
 * eigenvalues.h: of small symmetric matrices.
 */
#ifndef MADPY_EIGENVALUES_H
#define MADPY_EIGENVALUES_H

/* The largest eigenvalue of a symmetric n x n matrix that is not negative, row by row, which is destroyed. */
extern double largest_eigenvalue(double *a, int n);

#endif
