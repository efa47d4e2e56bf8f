/*
 * model_write.c: writes the madpy model format.
 */
#include "model.h"

#include "pieces.h"
#include "port/pg_crc32c.h"
#include "utils/memutils.h"

static Size
width_of(const ModelPart *part)
{
	return part->kind == ARRAY_DOUBLES ? sizeof(double) : sizeof(int32);
}

int64
model_size(Size json_bytes, const ModelPart *parts, int count)
{
	int64		size = VARHDRSZ + sizeof(ModelHeader) + count * sizeof(ArrayHeader) + TYPEALIGN64(MODEL_ALIGNMENT, json_bytes);

	for (int i = 0; i < count; i++)
		size += TYPEALIGN64(MODEL_ALIGNMENT, parts[i].count * width_of(&parts[i]));
	return size + sizeof(pg_crc32c);
}

bytea *
model_new_bytes(uint32 method, const bytea *json, const ModelPart *parts, int count, char **data)
{
	Size		json_bytes = VARSIZE_ANY_EXHDR(json);
	int64		size = model_size(json_bytes, parts, count);
	ModelHeader header = {.version = MODEL_VERSION, .method = method, .narrays = count, .json_bytes = json_bytes};
	bytea	   *model;
	char	   *at;

	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a model of %lld bytes is too large", (long long) size)));
	model = alloc_zeros(size);
	SET_VARSIZE(model, size);
	memcpy(header.magic, MODEL_MAGIC, sizeof(header.magic));
	at = (char *) memcpy(VARDATA(model), &header, sizeof(header)) + sizeof(header);
	for (int i = 0; i < count; i++, at += sizeof(ArrayHeader))
		memcpy(at, &(ArrayHeader) {.kind = parts[i].kind, .count = parts[i].count}, sizeof(ArrayHeader));
	memcpy(at, VARDATA_ANY(json), json_bytes);
	at += TYPEALIGN64(MODEL_ALIGNMENT, json_bytes);
	for (int i = 0; i < count; i++)
	{
		Size		bytes = parts[i].count * width_of(&parts[i]);

		data[i] = at;
		if (parts[i].data && bytes > 0)
			copy_pieces(at, parts[i].data, bytes);
		at += TYPEALIGN64(MODEL_ALIGNMENT, bytes);
	}
	return model;
}

void
model_seal(bytea *model)
{
	Size		size = VARSIZE(model) - VARHDRSZ - sizeof(pg_crc32c);
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	for (Size done = 0; done < size; done += PIECE)
	{
		CHECK_FOR_INTERRUPTS();
		COMP_CRC32C(crc, VARDATA(model) + done, Min(PIECE, size - done));
	}
	FIN_CRC32C(crc);
	memcpy(VARDATA(model) + size, &crc, sizeof(crc));
}
