/*
 * eigenvalues.h: the largest eigenvalue of a small symmetric matrix.
 */
#ifndef MADPY_EIGENVALUES_H
#define MADPY_EIGENVALUES_H

/* Returns the largest eigenvalue of a positive semidefinite n x n matrix, stored by rows, which is destroyed. */
extern double largest_eigenvalue(double *a, int n);

#endif
