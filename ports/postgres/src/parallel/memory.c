/*
 * memory.c: memory that a backend and its workers share.
 *
 * PostgreSQL's own shared memory segments lie in /dev/shm, which has 64 MB in many containers, and are allocated in full
 * when they are made.  A memory file has no such limit.  Workers open it by its path in /proc.
 */
#include "postgres.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "storage/fd.h"
#include "team.h"
#include "utils/memutils.h"

/* Addresses that no program of 64 bits has its libraries, stack or heap at; others are tried if these are taken. */
#define FIRST_ADDRESS ((char *) INT64CONST(0x200000000000))
#define ATTEMPTS 8

#define PAGE ((Size) 4 * 1024)
#define MOST_FREED 16
#define MAPPED_BYTES ((Size) 1024 * 1024)	/* that parallel_populate() maps at once */
#define WRITTEN_BYTES ((Size) 1024 * 1024)	/* between two checks for interrupts */

/* Memory that parallel_alloc() has given out. */
typedef struct Piece
{
	char	   *start;
	Size		size;
	SubTransactionId since;
	MemoryContextCallback gone;
} Piece;

Team	   *team = NULL;

static int	file = -1;
static uint64 inode;
static List *pieces = NIL;		/* by address, in TopMemoryContext */
static char *freed[MOST_FREED]; /* start and size of pieces that are free, but still have their physical memory */
static Size freed_sizes[MOST_FREED];
static int	freed_count = 0;
static bits8 populated[MEMORY_BYTES / MAPPED_BYTES / 8];	/* a bit for each MAPPED_BYTES of the memory */

static char *
first_piece(void)
{
	return (char *) team + TEAM_BYTES + MOST_WORKERS * RESULT_BYTES;
}

/* Maps the memory file; any address will do if `address` is NULL.  Returns NULL if that is not possible. */
static char *
map_file(int fd, char *address)
{
	for (int i = 0; i < (address ? 1 : ATTEMPTS); i++)
	{
		char	   *at = address ? address : FIRST_ADDRESS + i * MEMORY_BYTES;
		char	   *got = mmap(at, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
							   fd, 0);

		if (got == at)
		{
			madvise(got, MEMORY_BYTES, MADV_DONTDUMP);	/* a core dump would have a terabyte of zeros */
			return got;
		}
		if (got != MAP_FAILED)	/* an old kernel takes the address as a wish */
			munmap(got, MEMORY_BYTES);
	}
	return NULL;
}

static bool
inode_of(int fd, uint64 *number)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return false;
	*number = status.st_ino;
	return true;
}

const char *
parallel_library(void)
{
	Dl_info		info;

	return dladdr((void *) parallel_run, &info) && info.dli_fname[0] == '/' ? info.dli_fname : "madpy";
}

/* Returns the inode of the file that this library was loaded from, 0 if it is not known. */
static uint64
library_inode(void)
{
	static uint64 library = 0;
	struct stat status;

	if (library == 0 && stat(parallel_library(), &status) == 0)
		library = status.st_ino;
	return library;
}

/* Makes the memory; returns false if this system does not allow it. */
static bool
make_memory(void)
{
	char	   *address = NULL;

	if (!AcquireExternalFD())
		return false;
	file = memfd_create("madpy workers", MFD_CLOEXEC);
	if (file >= 0 && inode_of(file, &inode) && ftruncate(file, MEMORY_BYTES) == 0)
		address = map_file(file, NULL);
	if (address == NULL)
	{
		if (file >= 0)
			close(file);
		ReleaseExternalFD();
		file = -1;
		return false;
	}
	team = (Team *) address;
	SpinLockInit(&team->lock);
	pg_atomic_init_u32(&team->next, 0);
	pg_atomic_init_u32(&team->by_workers, 0);
	pg_atomic_init_u32(&team->stop, 0);
	team->latch = MyLatch;
	team->library = library_inode();
	return true;
}

/* Removes the memory.  If there are workers, the last one to end gives the physical memory back, which takes a while. */
static void
free_memory(void)
{
	freed_count = 0;
	memset(populated, 0, sizeof populated);
	team_end();
	munmap(team, MEMORY_BYTES);
	close(file);
	ReleaseExternalFD();
	file = -1;
	team = NULL;
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

/* Gives the physical memory of some addresses back. */
static void
punch(char *start, Size size)
{
	if (size > 0)
		fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start - (char *) team, size);
}

/* Gives the physical memory of freed pieces back. */
static void
punch_freed(void)
{
	if (freed_count > 0)
		memset(populated, 0, sizeof populated);
	while (freed_count > 0)
	{
		freed_count--;
		punch(freed[freed_count], freed_sizes[freed_count]);
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
		free_memory();
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

	if (size > MEMORY_BYTES || (team == NULL && !make_memory()))
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
	punch(piece->start + size, piece->size - size);
	piece->size = size;
}

void
parallel_write(void *to, const void *from, Size size)
{
	off_t		offset = (char *) to - (char *) team;

	for (Size done = 0; done < size;)
	{
		ssize_t		written;

		CHECK_FOR_INTERRUPTS();
		written = pwrite(file, (const char *) from + done, Min(size - done, WRITTEN_BYTES), offset + done);
		if (written <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("could not allocate memory that workers share: %m"),
					 errhint("Set max_parallel_workers_per_gather to 0, or lower madpy.store_memory.")));
		done += written;
	}
}

/*
 * Has the kernel map all pages of some memory in this process, which takes a third of the time of one page after the other.
 * What has been freed since may not be mapped again, which costs this time only.
 */
void
parallel_populate(const void *memory, Size size)
{
#ifdef MADV_POPULATE_READ
	Size		first = ((const char *) memory - (char *) team) / MAPPED_BYTES;
	Size		last = ((const char *) memory - (char *) team + size - 1) / MAPPED_BYTES;

	for (Size part = first; part <= last; part++)
		if (!(populated[part / 8] & (1 << part % 8)))
		{
			populated[part / 8] |= 1 << part % 8;
			madvise((char *) team + part * MAPPED_BYTES, MAPPED_BYTES, MADV_POPULATE_READ);
		}
#endif
}

TeamPlace
team_place(int slot)
{
	TeamPlace	place = {.leader = MyProcPid, .fd = file, .inode = inode, .address = (char *) team, .slot = slot,
	.generation = team->generation};

	return place;
}

/* Maps the memory of the team in a worker; returns false if it is not there, or of another version of the library. */
bool
team_attach(const TeamPlace *place)
{
	char		path[64];
	uint64		found;

	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int) place->leader, place->fd);
	file = open(path, O_RDWR | O_CLOEXEC);
	if (file < 0)
		return false;
	if (inode_of(file, &found) && found == place->inode)
		team = (Team *) map_file(file, place->address);
	return team != NULL && team->library == library_inode();
}

/* Returns the space for the results of a member. */
char *
team_results(int slot)
{
	return (char *) team + TEAM_BYTES + slot * RESULT_BYTES;
}

void
team_free_results(int slot, Size size)
{
	punch(team_results(slot), size);
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
	library_inode();			/* the file may be replaced later */
	RegisterXactCallback(transaction_end, NULL);
	RegisterSubXactCallback(subtransaction_end, NULL);
}
