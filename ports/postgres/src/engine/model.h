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

/* An array of a model that is written: its kind, its number of elements, and its data, NULL if they are set later. */
typedef struct ModelPart
{
	uint32		kind;
	int64		count;
	const void *data;
} ModelPart;

/* model_write.c: returns the size of a model in bytes. */
extern int64 model_size(Size json_bytes, const ModelPart *parts, int count);

/* model_write.c: returns a new model; `data` gets where each array is, aligned for int32 only. */
extern bytea *model_new_bytes(uint32 method, const bytea *json, const ModelPart *parts, int count, char **data);

/* model_write.c: sets the checksum of a model whose arrays are complete. */
extern void model_seal(bytea *model);

pg_noreturn extern void model_damaged(const char *what);

/* Return array `number`; raise an error if it has another kind, or another length than `count` (if count >= 0). */
extern const double *model_doubles(const Model *model, int number, int64 count);
extern const int32 *model_integers(const Model *model, int number, int64 count);

#endif
