/*
 * model.h: the madpy model format, a bytea.  C scores rows with it, numpy reads it, and nothing in it is executed.
 *
 *   ModelHeader
 *   an ArrayHeader for each array
 *   the JSON (algorithm, features, classes, ...: for Python and for people), then the arrays, each padded with zeros to
 *   a multiple of MODEL_ALIGNMENT bytes
 *   uint32   CRC-32C of all bytes before it
 *
 * Numbers are little-endian.  ports/postgres/model.py writes and reads the format; ports/postgres/layouts/model.py has
 * the names.
 */
#ifndef MADPY_MODEL_H
#define MADPY_MODEL_H

#include "postgres.h"
#include "fmgr.h"

#define MODEL_MAGIC "MADM"
#define MODEL_VERSION 1
#define MODEL_ALIGNMENT 8
#define MAX_ARRAYS 16

/* Kinds of arrays. */
#define ARRAY_DOUBLES 0
#define ARRAY_INTEGERS 1

typedef struct ModelHeader
{
	char		magic[4];
	uint32		version;
	uint32		method;			/* number of the method in config/Config.yml */
	uint32		narrays;
	uint64		json_bytes;
} ModelHeader;

typedef struct ArrayHeader
{
	uint32		kind;
	uint32		zero;
	uint64		count;			/* elements */
} ArrayHeader;

typedef struct Array
{
	int64		count;
	const double *doubles;		/* one of `doubles` and `integers` is NULL */
	const int32 *integers;
} Array;

typedef struct Model
{
	uint32		method;
	int			narrays;
	Array		arrays[MAX_ARRAYS];
	void	   *checked;		/* set by the method's check(), for the method's use */
	bytea	   *bytes;			/* contains the arrays */
} Model;

/*
 * Returns the model in argument `arg`, which is decoded only if it differs from the previous call's.  `check` is called
 * after decoding, and calls model_damaged() if the arrays are not what the method needs.
 */
extern Model *model_argument(FunctionCallInfo fcinfo, int arg, uint32 method, void (*check) (Model *model));

pg_noreturn extern void model_damaged(const char *what);

/* Return array `number`; raise an error if it has another kind, or another length than `count` (if count >= 0). */
extern const double *model_doubles(const Model *model, int number, int64 count);
extern const int32 *model_integers(const Model *model, int number, int64 count);

#endif
