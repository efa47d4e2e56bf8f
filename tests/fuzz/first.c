/*
 * first.c: preloaded into a server beside the sanitizers' libraries.
 */
#include <stdlib.h>

/*
 * AddressSanitizer starts with the first malloc of the process.  In Debian 12 that is one of libp11-kit's constructor,
 * inside bindtextdomain; while it starts it translates a message, and leaves the lock of bindtextdomain broken for good.
 */
__attribute__((constructor)) static void
first(void)
{
	free(malloc(1));
}

/* UndefinedBehaviorSanitizer reads its options at its first report, when a process title has overwritten them. */
const char *
__ubsan_default_options(void)
{
	return OPTIONS;
}
