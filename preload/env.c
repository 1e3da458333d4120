/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and reads the environment without a libc. */
#include "preload.h"
#include "sys.h"
#include <elf.h>
#include <link.h>

/* Few enough that a look costs nothing per allocation, often enough that a heap's
 * growth step (132 KiB in glibc) is seen before the next one: docs/how-preload-works.md
 * has the figures. */
#define DEFAULT_INTERVAL 256

struct settings settings = { .mode = MODE_AUTO, .interval = DEFAULT_INTERVAL };

/* libc's variable, where there is one */
extern char **environ __attribute__((weak, visibility("default")));

/*
 * glibc calls constructors with (argc, argv, envp); musl calls them with nothing, and
 * the arguments are then what the registers happened to hold. On the initial stack
 * envp follows argv, which chance does not produce; nothing is read to find out.
 */
static char **find(int argc, char **argv, char **envp)
{
	if (argc > 0 && argc < 1 << 24 && argv && envp == argv + argc + 1)
		return envp;
	return &environ ? environ : NULL;
}

/*
 * Whether the kernel said AT_SECURE: set-user-id, set-group-id or file capabilities.
 * The auxiliary vector lies behind the environment on the initial stack; an
 * environment that was moved to the heap lies below this frame, and what is behind it
 * is unknown, so it counts as secure.
 */
static int is_secure(char **envp)
{
	const ElfW(auxv_t) * aux;

	if ((uintptr_t)envp < (uintptr_t)__builtin_frame_address(0))
		return 1;
	while (*envp)
		envp++;
	for (aux = (const ElfW(auxv_t) *)(envp + 1); aux->a_type != AT_NULL; aux++)
		if (aux->a_type == AT_SECURE)
			return aux->a_un.a_val != 0;
	return 1;
}

static const char *env_value(const char *entry, const char *name)
{
	while (*name && *entry == *name)
		entry++, name++;
	return !*name && *entry == '=' ? entry + 1 : NULL;
}

/* A plain decimal number up to max, or the fallback. */
static uintptr_t env_number(const char *s, uintptr_t max, uintptr_t fallback)
{
	uintptr_t v = 0;

	if (!*s)
		return fallback;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || v > (max - (*s - '0')) / 10)
			return fallback;
		v = v * 10 + (*s - '0');
	}
	return v;
}

static enum mode mode_of(const char *s)
{
	if (same_text(s, "off"))
		return MODE_OFF;
	if (same_text(s, "prctl"))
		return MODE_PRCTL;
	if (same_text(s, "madvise"))
		return MODE_MADVISE;
	return MODE_AUTO;
}

/*
 * In a program that gains privileges the environment belongs to someone who lacks
 * them. It could do little harm (slow the program down, write to its stderr), but the
 * only word taken from it is "off", which makes less of its memory observable.
 */
void env_read(int argc, char **argv, char **envp)
{
	char **env = find(argc, argv, envp);
	const char *v;
	int secure;

	if (!env)
		return;
	secure = is_secure(env);
	for (; *env; env++) {
		if ((v = env_value(*env, "KSM_PRELOAD"))) {
			enum mode mode = mode_of(v);

			if (!secure || mode == MODE_OFF)
				settings.mode = mode;
		} else if (secure) {
			continue;
		} else if ((v = env_value(*env, "KSM_PRELOAD_DEBUG"))) {
			settings.debug = same_text(v, "1");
		} else if ((v = env_value(*env, "KSM_PRELOAD_INTERVAL"))) {
			settings.interval = env_number(v, INT32_MAX, DEFAULT_INTERVAL);
		} else if ((v = env_value(*env, "KSMP_MERGE_THRESHOLD"))) {
			settings.threshold = env_number(v, UINTPTR_MAX, 0);
		} else if ((v = env_value(*env, "KSM_PRELOAD_V8_SEED"))) {
			settings.v8_seed = env_number(v, INT32_MAX, 0);
		}
	}
}
