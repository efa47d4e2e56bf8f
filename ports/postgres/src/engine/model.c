/*
 * model.c: reads the madpy model format, and checks every length in it.
 */
#include "model.h"

#include "model_cache.h"
#include "port/pg_crc32c.h"
#include "utils/memutils.h"

void
model_damaged(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("this model is damaged: %s", what)));
}

static uint64
filled_up(uint64 bytes)
{
	return TYPEALIGN64(MODEL_ALIGNMENT, bytes);
}

/* Points a model's arrays to their bytes after checking all lengths. */
static void
place_arrays(Model *model, const char *data, uint64 size)
{
	const ModelHeader *header = (const ModelHeader *) data;
	const ArrayHeader *arrays = (const ArrayHeader *) (data + sizeof(ModelHeader));
	uint64		at = sizeof(ModelHeader) + header->narrays * sizeof(ArrayHeader);

	if (at > size || header->json_bytes > size)
		model_damaged("it is too short");
	at += filled_up(header->json_bytes);
	model->narrays = header->narrays;
	for (int i = 0; i < model->narrays; i++)
	{
		uint64		width = arrays[i].kind == ARRAY_DOUBLES ? sizeof(double) : sizeof(int32);

		if (arrays[i].kind > ARRAY_INTEGERS || arrays[i].count > size || at + arrays[i].count * width > size)
			model_damaged("it is too short");
		model->arrays[i].count = arrays[i].count;
		model->arrays[i].doubles = arrays[i].kind == ARRAY_DOUBLES ? (const double *) (data + at) : NULL;
		model->arrays[i].integers = arrays[i].kind == ARRAY_INTEGERS ? (const int32 *) (data + at) : NULL;
		at += filled_up(arrays[i].count * width);
	}
	if (at != size)
		model_damaged("its length is wrong");
}

static void
decode(Model *model, uint32 method)
{
	/* the copy begins 8 bytes after an aligned address, not after the 4 bytes of the length, so that doubles are aligned */
	const char *data = (const char *) model->bytes + 8;
	uint64		size = VARSIZE(model->bytes) - VARHDRSZ;
	const ModelHeader *header = (const ModelHeader *) data;
	pg_crc32c	crc;
	pg_crc32c	stored;

	if (size < sizeof(ModelHeader) + sizeof(stored) || memcmp(header->magic, MODEL_MAGIC, 4) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this is not a model"),
				 errhint("Give the column \"model\" of a table that a training has created.")));
	if (header->version != MODEL_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this model is of format version %u, not %d", header->version, MODEL_VERSION)));
	size -= sizeof(stored);
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, data, size);
	FIN_CRC32C(crc);
	memcpy(&stored, data + size, sizeof(stored));
	if (!EQ_CRC32C(crc, stored))
		model_damaged("its checksum is wrong");
	if (header->method != method)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("this model is of another method")));
	if (header->narrays > MAX_ARRAYS)
		model_damaged("it has too many arrays");
	place_arrays(model, data, size);
	model->method = method;
}

Model *
model_argument(FunctionCallInfo fcinfo, int arg, uint32 method, void (*check) (Model *model))
{
	Model	   *model = model_in_use(fcinfo, arg);
	bytea	   *value;
	MemoryContext old;

	if (model == NULL)
		model = model_of_session(fcinfo, arg, check);
	if (model != NULL)
		return model;
	value = PG_GETARG_BYTEA_P(arg);
	model = model_new(fcinfo, arg, check);
	old = MemoryContextSwitchTo(GetMemoryChunkContext(model));
	model->bytes = palloc(8 + VARSIZE(value));
	SET_VARSIZE(model->bytes, VARSIZE(value));
	memcpy((char *) model->bytes + 8, VARDATA(value), VARSIZE(value) - VARHDRSZ);
	decode(model, method);
	check(model);
	MemoryContextSwitchTo(old);
	model_add(fcinfo, model);
	return model;
}

const double *
model_doubles(const Model *model, int number, int64 count)
{
	if (number >= model->narrays || model->arrays[number].doubles == NULL ||
		(count >= 0 && model->arrays[number].count != count))
		model_damaged("an array is missing or of a wrong length");
	return model->arrays[number].doubles;
}

const int32 *
model_integers(const Model *model, int number, int64 count)
{
	if (number >= model->narrays || model->arrays[number].integers == NULL ||
		(count >= 0 && model->arrays[number].count != count))
		model_damaged("an array is missing or of a wrong length");
	return model->arrays[number].integers;
}
