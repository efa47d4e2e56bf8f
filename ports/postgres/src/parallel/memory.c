/*
 * memory.c: pieces of the memory that a backend and its workers share.
 */
#include "postgres.h"

#include "access/xact.h"
#include "nodes/pg_list.h"
#include "team.h"
#include "utils/memutils.h"

#define PAGE ((Size) 4 * 1024)
#define MOST_FREED 16

/* Memory that parallel_alloc() has given out. */
typedef struct Piece
{
	char	   *start;
	Size		size;
	SubTransactionId since;
	MemoryContextCallback gone;
} Piece;

static List *pieces = NIL;		/* a list in the order of addresses, in TopMemoryContext */
static char *freed[MOST_FREED]; /* free pieces that still have their physical memory */
static Size freed_sizes[MOST_FREED];
static int	freed_count = 0;

static char *
first_piece(void)
{
	return (char *) team + TEAM_BYTES + MOST_WORKERS * RESULT_BYTES;
}

static Piece *
piece_at(const void *memory)
{
	ListCell   *cell;

	foreach(cell, pieces)
		if (((Piece *) lfirst(cell))->start == memory)
			return lfirst(cell);
	return NULL;
}

bool
parallel_is_shared(const void *memory)
{
	return piece_at(memory) != NULL;
}

/* Gives the physical memory of freed pieces back. */
static void
punch_freed(void)
{
	while (freed_count > 0)
	{
		freed_count--;
		team_punch(freed[freed_count], freed_sizes[freed_count]);
	}
}

/* Frees a piece.  Its physical memory follows when another piece is allocated, or with all memory. */
static void
free_piece(Piece *piece)
{
	if (freed_count == MOST_FREED)
		punch_freed();
	freed[freed_count] = piece->start;
	freed_sizes[freed_count++] = piece->size;
	pieces = list_delete_ptr(pieces, piece);
	piece->start = NULL;		/* the context that owns it is reset later */
	if (pieces == NIL)
	{
		freed_count = 0;
		team_file_remove();
	}
}

/* Callback for when the context of a piece is reset. */
static void
release(void *arg)
{
	if (((Piece *) arg)->start)
		free_piece(arg);
}

/* Returns the lowest addresses that are free and large enough, and sets the position in the list; NULL if there are none. */
static char *
find_space(Size size, int *position)
{
	char	   *start = first_piece();
	ListCell   *cell;

	*position = 0;
	foreach(cell, pieces)
	{
		Piece	   *piece = lfirst(cell);

		if (piece->start - start >= size)
			break;
		start = piece->start + piece->size;
		(*position)++;
	}
	return (char *) team + MEMORY_BYTES - start >= size ? start : NULL;
}

void *
parallel_alloc(MemoryContext context, Size size)
{
	MemoryContext old;
	Piece	   *piece;
	int			position;
	char	   *start;

	if (size > MEMORY_BYTES || (team == NULL && !team_file_make()))
		return NULL;
	punch_freed();
	size = TYPEALIGN(PAGE, Max(size, 1));
	piece = MemoryContextAllocZero(context, sizeof(Piece));
	start = find_space(size, &position);
	if (start == NULL)
		return NULL;
	piece->size = size;
	piece->since = GetCurrentSubTransactionId();
	old = MemoryContextSwitchTo(TopMemoryContext);
	pieces = list_insert_nth(pieces, position, piece);
	MemoryContextSwitchTo(old);
	piece->start = start;
	piece->gone.func = release;
	piece->gone.arg = piece;
	MemoryContextRegisterResetCallback(context, &piece->gone);
	return start;
}

void
parallel_free(void *memory)
{
	Piece	   *piece = piece_at(memory);

	if (piece)
		free_piece(piece);
}

void
parallel_shrink(void *memory, Size size)
{
	Piece	   *piece = piece_at(memory);

	size = TYPEALIGN(PAGE, Max(size, 1));
	if (piece == NULL || size >= piece->size)
		return;
	team_punch(piece->start + size, piece->size - size);
	piece->size = size;
}

/*
 * Frees the memory of a failed subtransaction and of later ones, whose numbers are higher.  PostgreSQL would keep their
 * contexts in a failed transaction block until the user's ROLLBACK, which may come much later.
 */
static void
free_since(SubTransactionId first)
{
	for (int i = list_length(pieces) - 1; i >= 0; i--)
		if (((Piece *) list_nth(pieces, i))->since >= first)
			free_piece(list_nth(pieces, i));
}

static void
transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		free_since(TopSubTransactionId);
}

static void
subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		free_since(mine);
}

void
parallel_init(void)
{
	team_library();				/* the file may be replaced later */
	RegisterXactCallback(transaction_end, NULL);
	RegisterSubXactCallback(subtransaction_end, NULL);
}
