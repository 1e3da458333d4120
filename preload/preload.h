/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of libksm_preload.so know of each other. */
#ifndef KSM_PRELOAD_H
#define KSM_PRELOAD_H

#include <stddef.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define load(p)     __atomic_load_n(p, __ATOMIC_RELAXED)
#define store(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)

/* How large a page is depends on the kernel, but on x86; page_learn() finds out. */
#if defined(__x86_64__) || defined(__i386__)
#define PAGE 4096UL
static inline void page_learn(void)
{
}
#else
extern uintptr_t page_size;
#define PAGE page_size
void page_learn(void);
#endif

/* ABI of the kernel; older headers lack the first two */
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#define MADV_MERGEABLE      12

enum mode { MODE_AUTO, MODE_OFF, MODE_PRCTL, MODE_MADVISE };

struct settings {
	enum mode mode;
	int debug;
	long interval;       /* allocations between two looks; 0: look at start only */
	uintptr_t threshold; /* mappings below this many bytes are left alone */
	uintptr_t v8_seed;   /* 0: V8 is left alone */
};

extern struct settings settings;

static inline int same_text(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* env.c */
void env_read(int argc, char **argv, char **envp);

/* advise.c */

/* glibc's M_MMAP_THRESHOLD: blocks from here on may be mappings of their own */
#define ADVISE_LARGE (128UL << 10)

int advise_start(void);
int advise_lock(void);
void advise_unlock(void);
int advise_all(int even_soon);
void advise_later(void);
void advise_range(uintptr_t lo, uintptr_t len, int accessible);
void advise_allocation(uintptr_t addr, uintptr_t len, int fresh);
void advise_grown_heap(void);
void advise_stop(void);
int advise_stopped(void);
int advise_is_due(void);

/* known.c: ranges found by a look, which adds them in order between begin and end. Only one
 * thread looks at a time; all may ask. */
enum known_state {
	KNOWN_MERGEABLE,
	KNOWN_LEFT_ALONE, /* sparse, or below the threshold: no reason to look again */
};

struct known_range {
	uintptr_t lo, hi;
	enum known_state state;
};

void known_begin(void);
void known_add(uintptr_t lo, uintptr_t hi, enum known_state state);
void known_end(void);
void known_forget(void);
int known_is_full(void);
const struct known_range *known_find(uintptr_t addr);
int known_is_mergeable(uintptr_t addr);

/* maps.c */
struct mapping {
	uintptr_t lo, hi;
	int is_file;
	const char *perms; /* "rwxp", four characters at least */
	const char *name;  /* ends with a newline */
};

typedef int (*maps_fn)(const struct mapping *map, void *arg);
int maps_each(maps_fn fn, void *arg);
uintptr_t maps_size(void);

/* verdict.c: is a mapping worth it? By its size, its rights and what it is a mapping of. */
enum verdict { SKIP, LEAVE_ALONE, ADVISE, ADVISE_IF_DATA_FOLLOWS };

/*
 * An inaccessible mapping is made mergeable so that what mprotect opens of it later is
 * already: glibc reserves its thread arenas so (HEAP_MAX_SIZE, 64 MiB). Not a larger
 * one: kernels before 6.18 step through a mergeable mapping page by page even where it
 * is empty, and programs reserve many GiB.
 */
#define VERDICT_RESERVED_MAX (64UL << 20)

void verdict_learn_ram(void);
int verdict_is_sparse(uintptr_t len, int accessible);
enum verdict mapping_verdict(const struct mapping *m);

/* got.c */
struct hook {
	const char *name;
	uintptr_t replacement;
	uintptr_t *real;
};

void got_hook_start(void);
int got_hook_later(int lazy);

/* hooks.c */
const struct hook *hooks_find(const char *name);
void hooks_start(void);

/* v8.c */
void v8_start(uintptr_t seed);

/* debug.c: one line on stderr, only if KSM_PRELOAD_DEBUG asks for it */
void debug_range(uintptr_t lo, uintptr_t hi, const char *name);
void debug_text(const char *what);

#endif
