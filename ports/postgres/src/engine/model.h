/*
 * model.h: the madpy model format: one bytea that C scores, numpy reads, and nothing executes.
 *
 *   ModelHeader
 *   an ArrayHeader for each array
 *   the JSON (algorithm, features, classes, ...: for Python and for people), then the arrays, each of these filled up
 *   with zeros to a multiple of MODEL_ALIGNMENT bytes
 *   uint32   CRC-32C of all before
 *
 * Little-endian.  ports/postgres/model.py writes and reads it, with the names of ports/postgres/layouts/model.py.
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
	uint32		method;			/* a number of the method's own, as config/Config.yml has it */
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
	const double *doubles;		/* one of the two */
	const int32 *integers;
} Array;

typedef struct Model
{
	uint32		method;
	int			narrays;
	Array		arrays[MAX_ARRAYS];
	void	   *checked;		/* the method's own, from its check */
	bytea	   *bytes;			/* the arrays lie in here */
} Model;

/*
 * The model in argument `arg`, decoded once as long as it stays the same.  `check` looks at what the method asks of the
 * arrays, and is called only then; it raises an error by model_damaged().
 */
extern Model *model_argument(FunctionCallInfo fcinfo, int arg, uint32 method, void (*check) (Model *model));

pg_noreturn extern void model_damaged(const char *what);

/* Return array `number`; an error if it is of another kind or, where count >= 0, of another length. */
extern const double *model_doubles(const Model *model, int number, int64 count);
extern const int32 *model_integers(const Model *model, int number, int64 count);

#endif
