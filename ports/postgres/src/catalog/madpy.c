/*
 * madpy.c: loads the library: its settings and its version.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "parallel/parallel.h"
#include "snapshot.h"
#include "store/store.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#ifndef MADPY_VERSION
#error "MADPY_VERSION is set by the Makefile"
#endif
#ifndef MADPY_PYTHON_PATH
#define MADPY_PYTHON_PATH ""
#endif

PG_MODULE_MAGIC;

static char *python_path = NULL;

/* Settings of the worker, which ports/postgres/worker.py reads by their names. */
static int	worker_memory_kb;
static int	worker_threads;
static int	worker_fits;
static int	worker_idle_s;
static int	worker_device;
static int	gpu_memory_kb;

static const struct config_enum_entry devices[] = {
	{"auto", 0, false}, {"cpu", 1, false}, {"cuda", 2, false}, {NULL, 0, false}
};

static void
define_worker_settings(void)
{
	DefineCustomIntVariable("madpy.worker_memory",
							"Memory that a fit in a worker may use, beside its input.",
							NULL, &worker_memory_kb, 1024 * 1024, 1024, INT_MAX,
							PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("madpy.worker_threads",
							"Threads that a fit in a worker may use.",
							NULL, &worker_threads, 1, 1, 1024,
							PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("madpy.worker_fits",
							"Fits in workers that run at the same time on the server; others wait.",
							NULL, &worker_fits, 2, 1, 10000,
							PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("madpy.worker_idle",
							"Time after which a worker that has nothing to do ends.",
							NULL, &worker_idle_s, 60, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomEnumVariable("madpy.device",
							 "Device that fits in workers use where they can.",
							 NULL, &worker_device, 0, devices,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("madpy.gpu_memory",
							"Memory of a GPU that the arrays of a fit in a worker may use.",
							NULL, &gpu_memory_kb, 4 * 1024 * 1024, 1024, INT_MAX,
							PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
}

void		_PG_init(void);

void
_PG_init(void)
{
	DefineCustomStringVariable("madpy.python_path",
							   "Folder that holds the Python packages madpy and numpy.",
							   "Put first on the search path of PL/Python by madpy's functions.",
							   &python_path, MADPY_PYTHON_PATH,
							   PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("madpy.store_memory",
							"Memory a training may use to keep a query's columns.",
							"Above it, and with 0 always, each pass reads the table again.",
							&store_memory_kb, 256 * 1024, 0, INT_MAX,
							PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
	define_worker_settings();
	kernel_check_list();
	snapshot_init();
	parallel_init();
	store_init();
	MarkGUCPrefixReserved("madpy");
}

PG_FUNCTION_INFO_V1(madpy_python_path);
Datum
madpy_python_path(PG_FUNCTION_ARGS)
{
	if (python_path[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("madpy does not know where its Python packages are"),
				 errhint("Set madpy.python_path as a superuser: ALTER SYSTEM SET madpy.python_path = '.../site-packages'; SELECT pg_reload_conf();")));
	PG_RETURN_TEXT_P(cstring_to_text(python_path));
}

PG_FUNCTION_INFO_V1(madpy_version);
Datum
madpy_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(MADPY_VERSION));
}

/*
 * same_version(version, value): returns true, or raises an error if this server has another version of madpy.  `value`, a
 * column, is ignored; without it, the server that asks would evaluate the call itself, as one of constants.  The version is
 * a bytea, because postgres_fdw does not send functions of a text whose collation is not that of a column.
 */
PG_FUNCTION_INFO_V1(same_version);
Datum
same_version(PG_FUNCTION_ARGS)
{
	char	   *version = PG_ARGISNULL(0) ? "none" : text_to_cstring((text *) PG_GETARG_BYTEA_PP(0));

	if (!pg_verify_mbstr(GetDatabaseEncoding(), version, strlen(version), true))
		version = "something else";
	if (strcmp(version, MADPY_VERSION) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("madpy is %s here, and %s on the server that asks", MADPY_VERSION, version)));
	PG_RETURN_BOOL(true);
}
