/* SPDX-License-Identifier: Apache-2.0 */
/* madvise mode: the functions that programs call instead of the allocator's. */
#include "preload.h"
#include "sys.h"
#include <sys/mman.h>

#define PR_SET_SECCOMP        22
#define SECCOMP_SET_MODE_LAST 1   /* STRICT 0, FILTER 1: what only asks comes after */
#define RTLD_DEEPBIND         0x8 /* glibc's; musl has none */

/* A 32-bit libc passes a file offset in one word or in two: hand on both. */
#ifdef __i386__
typedef uint64_t any_off;
#else
typedef long any_off;
#endif

static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*mmap)(void *, size_t, int, int, int, any_off);
	void *(*mmap64)(void *, size_t, int, int, int, any_off);
	int (*mprotect)(void *, size_t, int);
	void *(*sbrk)(intptr_t);
	void *(*dlopen)(const char *, int);
	void *(*dlsym)(void *, const char *);
	int (*prctl)(int, long, long, long, long);
	long (*syscall)(long, long, long, long, long, long, long);
	int (*epoll_wait)(int, void *, int, int);
	int (*epoll_pwait)(int, void *, int, int, const void *);
	int (*poll)(void *, unsigned long, int);
	int (*select)(int, void *, void *, void *, void *);
	int (*accept)(int, void *, void *);
	int (*nanosleep)(const void *, void *);
	unsigned (*sleep)(unsigned);
	int (*waitpid)(int, int *, int);
	int (*pthread_join)(unsigned long, void **);
} real;

/*
 * What may be allocated until the next look, in bytes: each block counts as its size and
 * price. It never exceeds ADVISE_LARGE, so a large block is always looked at, and one
 * subtraction decides. A thread's own: a shared one would move between the processors.
 */
static __thread intptr_t credit;
static uintptr_t price;
static __thread char is_known_thread;
static __thread char has_loaded;
static int deepbind;

/* Zero, as the kernel gives memory; what was freed before holds the allocator's links
 * or old data. A large block may begin in old memory and reach into new, so there it
 * is its end that tells. Guessing wrong costs a system call, no more. */
static int is_fresh(const char *block, size_t len)
{
	const uintptr_t *word;

	if (!block || len < 2 * sizeof(*word))
		return 0;
	word = (const uintptr_t *)(len < ADVISE_LARGE ? block : block + (len & -PAGE) - PAGE);
	return !word[0] && !word[1];
}

static __attribute__((noinline)) void look_at_block(void *block, size_t len, int fresh)
{
	if (!is_known_thread) {
		is_known_thread = 1;
		advise_later(); /* its stack, and its arena */
	}
	if (credit < 0)
		credit = advise_stopped() ? INTPTR_MAX : ADVISE_LARGE;
	advise_allocation((uintptr_t)block, len, fresh);
}

static inline int passes(size_t len)
{
	return likely((credit -= price + len) >= 0);
}

/* The calls that are looked at are functions of their own, so that the others need
 * neither a frame nor a saved register: a subtraction and a jump. */
#define LOOKED_AT(name, params, args, len, fresh)                            \
	static __attribute__((noinline)) void *name##_looked_at params       \
	{                                                                    \
		void *block = real.name args;                                \
		look_at_block(block, len, fresh);                            \
		return block;                                                \
	}                                                                    \
	static void *hook_##name params                                      \
	{                                                                    \
		return passes(len) ? real.name args : name##_looked_at args; \
	}

LOOKED_AT(malloc, (size_t len), (len), len, is_fresh(block, len))
LOOKED_AT(calloc, (size_t n, size_t size), (n, size), n *size, 0)
LOOKED_AT(realloc, (void *old, size_t len), (old, len), len, 0)
LOOKED_AT(memalign, (size_t align, size_t len), (align, len), len, is_fresh(block, len))
LOOKED_AT(aligned_alloc, (size_t align, size_t len), (align, len), len, is_fresh(block, len))

static int hook_posix_memalign(void **block, size_t align, size_t len)
{
	int ret = real.posix_memalign(block, align, len);

	if (!passes(len) && !ret)
		look_at_block(*block, len, is_fresh(*block, len));
	return ret;
}

static void was_mapped(void *addr, size_t len, int prot, int flags)
{
	if (!sys_failed((uintptr_t)addr) && (flags & MAP_TYPE) == MAP_PRIVATE &&
	    (flags & MAP_ANONYMOUS || prot & PROT_WRITE))
		advise_range((uintptr_t)addr, len, prot & (PROT_READ | PROT_WRITE));
}

static void *hook_mmap(void *addr, size_t len, int prot, int flags, int fd, any_off off)
{
	void *ret = real.mmap(addr, len, prot, flags, fd, off);

	was_mapped(ret, len, prot, flags);
	return ret;
}

static void *hook_mmap64(void *addr, size_t len, int prot, int flags, int fd, any_off off)
{
	void *ret = real.mmap64(addr, len, prot, flags, fd, off);

	was_mapped(ret, len, prot, flags);
	return ret;
}

/* Opens a part of a reservation that was too large to be made mergeable. */
static int hook_mprotect(void *addr, size_t len, int prot)
{
	int ret = real.mprotect(addr, len, prot);

	if (!ret && prot & PROT_WRITE && !known_is_mergeable((uintptr_t)addr))
		advise_range((uintptr_t)addr, len, 1);
	return ret;
}

static void *hook_sbrk(intptr_t step)
{
	void *ret = real.sbrk(step);

	if (step > 0 && !sys_failed((uintptr_t)ret))
		advise_allocation((uintptr_t)ret, step, 1);
	return ret;
}

/*
 * dlopen and dlsym look at who calls them, so these two do their work first and then
 * jump. What a thread loads is therefore hooked when it next asks for a symbol, which
 * is usually at once.
 */
static void hook_loaded(void)
{
	if (!has_loaded || advise_stopped() || !advise_lock())
		return;
	has_loaded = 0;
	got_hook_later(!deepbind);
	advise_later();
	advise_unlock();
	advise_all(0);
}

/* gcc jumps at -O2, and knows no attribute for it before version 15 */
#ifdef __clang__
#define JUMP __attribute__((musttail))
#else
#define JUMP
#endif

static void *hook_dlopen(const char *file, int flags)
{
	hook_loaded();
	if (flags & RTLD_DEEPBIND)
		deepbind = 1;
	has_loaded = 1;
	JUMP return real.dlopen(file, flags);
}

static void *hook_dlsym(void *handle, const char *name)
{
	hook_loaded();
	JUMP return real.dlsym(handle, name);
}

/* A filter may make any further system call fatal. */
static int hook_prctl(int op, long a, long b, long c, long d)
{
	if (op == PR_SET_SECCOMP)
		advise_stop();
	return real.prctl(op, a, b, c, d);
}

static long hook_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	if (n == __NR_seccomp && (unsigned long)a <= SECCOMP_SET_MODE_LAST)
		advise_stop();
	return real.syscall(n, a, b, c, d, e, f);
}

#define ENOUGH 32 /* allocations, not to look at the heap before each wait of a busy loop */

/* Where programs go to rest, what was put off or has not been noticed is made up for. */
static void before_waiting(void)
{
	static __thread intptr_t credit_then;

	if (advise_is_due()) {
		advise_all(0);
	} else if ((uintptr_t)(credit_then - credit) >= ENOUGH * price) {
		credit_then = credit;
		advise_grown_heap();
	}
}

#define BEFORE_WAITING(type, name, params, args) \
	static type hook_##name params           \
	{                                        \
		before_waiting();                \
		return real.name args;           \
	}

BEFORE_WAITING(int, epoll_wait, (int fd, void *ev, int n, int ms), (fd, ev, n, ms))
BEFORE_WAITING(int, epoll_pwait, (int fd, void *ev, int n, int ms, const void *set),
	       (fd, ev, n, ms, set))
BEFORE_WAITING(int, poll, (void *fds, unsigned long n, int ms), (fds, n, ms))
BEFORE_WAITING(int, select, (int n, void *r, void *w, void *e, void *t), (n, r, w, e, t))
BEFORE_WAITING(int, accept, (int fd, void *addr, void *len), (fd, addr, len))
BEFORE_WAITING(int, nanosleep, (const void *t, void *rest), (t, rest))
BEFORE_WAITING(unsigned, sleep, (unsigned s), (s))
BEFORE_WAITING(int, waitpid, (int pid, int *status, int flags), (pid, status, flags))
BEFORE_WAITING(int, pthread_join, (unsigned long t, void **ret), (t, ret))

#define HOOK(name)                                                     \
	{                                                              \
#name, (uintptr_t)hook_##name, (uintptr_t *)&real.name \
	}

static const struct hook hooks[] = {
	HOOK(malloc),   HOOK(calloc),  HOOK(realloc),       HOOK(memalign),
	HOOK(mmap),     HOOK(mmap64),  HOOK(aligned_alloc), HOOK(posix_memalign),
	HOOK(mprotect), HOOK(sbrk),    HOOK(dlopen),        HOOK(dlsym),
	HOOK(prctl),    HOOK(syscall), HOOK(epoll_wait),    HOOK(epoll_pwait),
	HOOK(poll),     HOOK(select),  HOOK(accept),        HOOK(nanosleep),
	HOOK(sleep),    HOOK(waitpid), HOOK(pthread_join),
};

/* A bit for each letter that a name begins with: most symbols begin with another. */
static uint32_t initials;

const struct hook *hooks_find(const char *name)
{
	unsigned i;

	if (!(initials >> (*name & 31) & 1))
		return NULL;
	for (i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		if (*name == *hooks[i].name && same_text(name, hooks[i].name))
			return &hooks[i];
	return NULL;
}

void hooks_start(void)
{
	unsigned i;

	for (i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		initials |= 1U << (*hooks[i].name & 31);
	is_known_thread = 1;
	price = ADVISE_LARGE / settings.interval;
	price += !price;
	credit = ADVISE_LARGE;
	got_hook_start();
}
