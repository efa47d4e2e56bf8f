/*
 * madpy.c: the library itself: its settings and its version.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "store.h"
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
	store_init();
#if PG_VERSION_NUM >= 150000
	MarkGUCPrefixReserved("madpy");
#else
	EmitWarningsOnPlaceholders("madpy");
#endif
}

PG_FUNCTION_INFO_V1(madpy_python_path);
Datum
madpy_python_path(PG_FUNCTION_ARGS)
{
	if (python_path[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("madpy does not know where its Python packages are"),
				 errhint("A superuser sets it: ALTER SYSTEM SET madpy.python_path = '.../site-packages'; SELECT pg_reload_conf();")));
	PG_RETURN_TEXT_P(cstring_to_text(python_path));
}

PG_FUNCTION_INFO_V1(madpy_version);
Datum
madpy_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(MADPY_VERSION));
}
