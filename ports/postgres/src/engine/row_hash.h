/*
 * row_hash.h: which rows are for testing, by a hash of each row.
 */
#ifndef MADPY_ROW_HASH_H
#define MADPY_ROW_HASH_H

#include "postgres.h"

#define TWO_TO_53 9007199254740992.0

/* Mixes 64 bits: each bit of the result depends on all of them (Steele, Lea & Flood 2014, SplitMix). */
static inline uint64
mixed(uint64 bits)
{
	bits = (bits ^ (bits >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	bits = (bits ^ (bits >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return bits ^ (bits >> 31);
}

/* Returns other bits for each seed; equal hashes stay equal.  The constant makes a seed of 0 one like others. */
static inline uint64
seeded(uint64 hash, uint64 seed)
{
	return mixed(hash ^ mixed(seed + UINT64CONST(0x9e3779b97f4a7c15)));
}

/* Returns a number from 0, below 1: a row is for testing if it is below the share of such rows. */
static inline double
row_part(uint64 hash, uint64 seed)
{
	return (double) (seeded(hash, seed) >> 11) / TWO_TO_53;
}

#endif
