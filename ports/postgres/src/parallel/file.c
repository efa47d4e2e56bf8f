/*
 * file.c: the memory file that a backend and its workers map.
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

#include "miscadmin.h"
#include "storage/fd.h"
#include "team.h"

/* Addresses that no program of 64 bits has its libraries, stack or heap at; others are tried if these are taken. */
#define FIRST_ADDRESS ((char *) INT64CONST(0x200000000000))
#define ATTEMPTS 8

#define MAPPED_BYTES ((Size) 1024 * 1024)	/* bytes that parallel_populate() maps at once */
#define WRITTEN_BYTES ((Size) 1024 * 1024)	/* between two checks for interrupts */

static int	file = -1;
static uint64 inode;
static bits8 populated[MEMORY_BYTES / MAPPED_BYTES / 8 + 1];	/* a bit for each MAPPED_BYTES of the memory */

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

	return dladdr((void *) parallel_library, &info) && info.dli_fname[0] == '/' ? info.dli_fname : "madpy";
}

uint64
team_library(void)
{
	static uint64 library = 0;
	struct stat status;

	if (library == 0 && stat(parallel_library(), &status) == 0)
		library = status.st_ino;
	return library;
}

bool
team_file_make(void)
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
	team->library = team_library();
	return true;
}

void
team_file_remove(void)
{
	memset(populated, 0, sizeof populated);
	team_end();
	munmap(team, MEMORY_BYTES);
	close(file);
	ReleaseExternalFD();
	file = -1;
	team = NULL;
}

void
team_punch(char *start, Size size)
{
	Size		first = (start - (char *) team) / MAPPED_BYTES;
	Size		last = (start - (char *) team + size) / MAPPED_BYTES;

	if (size == 0)
		return;
	for (Size part = first; part <= last; part++)
		populated[part / 8] &= ~(1 << part % 8);
	fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start - (char *) team, size);
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
	return team != NULL && team->library == team_library();
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
	team_punch(team_results(slot), size);
}
