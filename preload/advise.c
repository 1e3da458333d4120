/* SPDX-License-Identifier: Apache-2.0 */
/* madvise mode: makes what is there mergeable, and remembers for what it did so. */
#include "preload.h"
#include "sys.h"
#include <errno.h>
#include <linux/time.h>

/* Looking may take a twentieth of the time while a program grows, nothing otherwise. */
#define PAUSE_FACTOR 20

/*
 * A mapping that was touched before madvise cannot be joined with its mergeable
 * neighbours (they have different anon_vmas), so each call makes mappings more. The
 * kernel's limit is 65530 (vm.max_map_count); far below it this library gives up.
 */
#define MAX_MAPPINGS   16384
#define LOOK_AT_LATEST 1024 /* ranges made mergeable without counting */

struct map_span {
	uintptr_t lo, hi;
};

static struct map_span heap;
static uint64_t not_before;
static unsigned uncounted;
/* Looks asked for, and how many of these the last one answered. Equal only when it has
 * ended: a child forked in the middle of one knows that it must look. */
static unsigned wanted, answered;
static int stopped;
static int owner;

/*
 * Never waits: whoever finds it taken leaves the work to the next look. It holds the
 * process id, so that a child forked while another thread was at work is not locked out.
 */
int advise_lock(void)
{
	int self = sys3(__NR_getpid, 0, 0, 0), was = load(&owner);

	return was != self && __atomic_compare_exchange_n(&owner, &was, self, 0,
							  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void advise_unlock(void)
{
	__atomic_store_n(&owner, 0, __ATOMIC_RELEASE);
}

static uint64_t clock(int id)
{
	struct {
		long sec, nsec;
	} t = { 0, 0 };

	sys3(__NR_clock_gettime, id, (long)&t, 0);
	return (uint64_t)t.sec * 1000000000 + t.nsec;
}

static int advise(uintptr_t lo, uintptr_t hi)
{
	return sys3(__NR_madvise, lo, hi - lo, MADV_MERGEABLE);
}

struct maps_look {
	struct map_span run, held, heap;
	uintptr_t brk;
	unsigned mappings;
	char name[64]; /* of the run's first mapping */
	long error;    /* of the first call that failed */
};

static void finish_run(struct maps_look *l)
{
	struct map_span *run = &l->run;
	long ret;

	if (run->lo == run->hi)
		return;
	ret = advise(run->lo, run->hi);
	if (ret && !l->error)
		l->error = ret;
	if (settings.debug && !(known_is_mergeable(run->lo) && known_is_mergeable(run->hi - 1)))
		debug_range(run->lo, run->hi, l->name);
	known_add(run->lo, run->hi, KNOWN_MERGEABLE);
	run->lo = run->hi = 0;
}

/* Neighbours go into one call: the kernel walks the mappings itself. */
static void add(struct maps_look *l, uintptr_t lo, uintptr_t hi, const char *name)
{
	unsigned i;

	if (l->run.hi == lo && l->run.lo != l->run.hi) {
		l->run.hi = hi;
		return;
	}
	finish_run(l);
	l->run.lo = lo;
	l->run.hi = hi;
	for (i = 0; i < sizeof(l->name) - 1 && name[i] != '\n'; i++)
		l->name[i] = name[i];
	l->name[i] = '\0';
}

static int is_heap(const char *name)
{
	return name[0] == '[' && name[1] == 'h' && name[2] == 'e';
}

/* The end of the heap as the kernel rounds it; brk(0) fails, and so tells. */
static uintptr_t heap_end(void)
{
	return (sys3(__NR_brk, 0, 0, 0) + PAGE - 1) & -PAGE;
}

/*
 * Without its last page. The heap then grows as one ordinary mapping, whose lower part
 * joins the mergeable one each time (both have the anon_vma of the first). Mergeable to its
 * end, it would become a new mapping with each step of 132 KiB.
 */
static uintptr_t heap_part(uintptr_t hi, uintptr_t end)
{
	return hi == end ? hi - PAGE : hi;
}

static int look_at_mapping(const struct mapping *m, void *arg)
{
	struct maps_look *l = arg;
	enum verdict verdict = mapping_verdict(m);
	uintptr_t hi = m->hi;

	if (++l->mappings > MAX_MAPPINGS)
		return 1;
	if (verdict == ADVISE) {
		if (l->held.hi == m->lo && m->is_file)
			add(l, l->held.lo, l->held.hi, m->name);
		if (is_heap(m->name)) {
			l->heap.lo = l->heap.lo ? l->heap.lo : m->lo;
			l->heap.hi = hi;
			hi = heap_part(hi, l->brk);
		}
		if (hi > m->lo)
			add(l, m->lo, hi, m->name);
	}
	if (verdict == LEAVE_ALONE && m->perms[1] == 'w') {
		finish_run(l);
		known_add(m->lo, hi, KNOWN_LEFT_ALONE);
	}
	l->held.hi = 0;
	if (verdict == ADVISE_IF_DATA_FOLLOWS) {
		l->held.lo = m->lo;
		l->held.hi = m->hi;
	}
	return 0;
}

/* 0 or what madvise said first */
static long look_over_maps(void)
{
	struct maps_look l = { .brk = heap_end() };
	int ret;

	known_begin();
	store(&uncounted, 0);
	ret = maps_each(look_at_mapping, &l);
	if (ret > 0) {
		debug_text("too many mappings: no more is made mergeable");
		store(&stopped, 1);
		return 0;
	}
	if (ret < 0) {
		/* Sizes cannot be told apart without the file; the kernel skips what is
		 * not eligible, and ENOMEM only says that there are holes. */
		known_forget();
		return settings.threshold ? 0 : advise(0, -PAGE);
	}
	finish_run(&l);
	store(&heap.lo, l.heap.lo);
	store(&heap.hi, l.heap.hi);
	known_end();
	return l.error;
}

/*
 * No mapping is sparse where all of them together are small, and ksmd passes over those
 * without anonymous pages. So a program that has just begun is made mergeable by one call for
 * the whole space; what lies where is looked up when it first grows or waits.
 * -EINVAL where the kernel has no KSM.
 */
int advise_start(void)
{
	long ret;

	verdict_learn_ram();
	if (settings.threshold || settings.debug || maps_size() > VERDICT_RESERVED_MAX)
		return look_over_maps();
	ret = advise(0, -PAGE);
	advise_later();
	return ret == -ENOMEM ? 0 : ret; /* there are holes */
}

/*
 * Asks for nothing itself, so that several threads come to rest: one that finds a look due
 * while another is at it would else make the next one due, and so on for ever. Who has seen
 * something new calls advise_later() before. 1 if there was a look.
 */
int advise_all(int even_soon)
{
	unsigned request;
	uint64_t spent;
	int made = 0;

	if (load(&stopped) || !advise_lock())
		return 0;
	if (even_soon || clock(CLOCK_MONOTONIC) >= not_before) {
		request = load(&wanted);
		spent = clock(CLOCK_THREAD_CPUTIME_ID);
		look_over_maps();
		spent = clock(CLOCK_THREAD_CPUTIME_ID) - spent;
		store(&answered, request);
		not_before = clock(CLOCK_MONOTONIC) + spent * PAUSE_FACTOR;
		made = 1;
	}
	advise_unlock();
	return made;
}

void advise_range(uintptr_t lo, uintptr_t len, int accessible)
{
	uintptr_t hi = (lo + len + PAGE - 1) & -PAGE;

	lo &= -PAGE;
	if (load(&stopped) || hi <= lo || hi - lo < settings.threshold ||
	    verdict_is_sparse(hi - lo, accessible))
		return;
	if (!advise(lo, hi))
		debug_range(lo, hi, accessible ? "(new)" : "(new, reserved)");
	store(&uncounted, load(&uncounted) + 1);
	if (load(&uncounted) > LOOK_AT_LATEST)
		advise_all(1);
}

/* The whole of it, as a part that was given back and taken again is not mergeable. */
static int advise_heap(uintptr_t addr)
{
	uintptr_t lo = load(&heap.lo), was = load(&heap.hi), hi;

	hi = heap_end();
	if (addr >= hi || hi - lo < settings.threshold)
		return 0;
	advise(lo, heap_part(hi, hi));
	if (hi != was)
		debug_range(lo, hi, "[heap]");
	store(&heap.hi, hi);
	return 1;
}

/* Grown without a block of the new part having been looked at. */
void advise_grown_heap(void)
{
	if (load(&heap.lo) && !load(&stopped) && heap_end() > load(&heap.hi))
		advise_heap(load(&heap.hi));
}

/* Samples that pass after a look that was put off, before the clock is asked again. */
#define PUT_OFF_SAMPLES 3

/*
 * A look is due. While the last one is too recent, or another thread is at it, to try again at
 * each sample would be two system calls for each some hundred allocations.
 */
static void look_if_time(void)
{
	static __thread unsigned pass;

	if (pass)
		pass--;
	else if (!advise_all(0))
		pass = PUT_OFF_SAMPLES;
}

/* Seen where the last look found nothing; unless it found more than it could remember. */
static void look_for_new(void)
{
	if (!known_is_full())
		advise_later();
	if (advise_is_due())
		look_if_time();
}

#define HEAP_STEP (1UL << 30) /* further above the heap it is another mapping */

/* 1 if the address was found to be the heap's */
static int look_at_heap(uintptr_t addr, int fresh)
{
	uintptr_t lo = load(&heap.lo), hi = load(&heap.hi);

	if (!lo || addr < lo || addr - lo > hi - lo + HEAP_STEP)
		return 0;
	if (addr < hi && !fresh)
		return 1;
	return advise_heap(addr);
}

/*
 * The sampled look at an allocation. No system call unless the address is new, or the
 * block is as the kernel gave it: allocators give memory back and take it again at the
 * same place, ordinary, and nothing else in this process tells.
 *
 * A large block is a mapping of its own, which may lie where an unmapped one lay; it
 * begins with the allocator's header, so it is told from a block inside a mapping by
 * its place in the page.
 */
void advise_allocation(uintptr_t addr, uintptr_t len, int fresh)
{
	const struct known_range *range;

	if (load(&stopped) || !addr)
		return;
	if (look_at_heap(addr + len - 1, fresh)) {
		if (advise_is_due())
			look_if_time();
		return;
	}
	range = known_find(addr);
	if (len >= ADVISE_LARGE && ((addr & (PAGE - 1)) <= 64 || !range))
		advise_range(addr, len, 1);
	else if (!range)
		look_for_new();
	else if (advise_is_due())
		look_if_time();
	else if (fresh && load(&range->state) == KNOWN_MERGEABLE)
		advise(load(&range->lo), load(&range->hi));
}

/* A last look, for afterwards a system call may be fatal. */
void advise_stop(void)
{
	advise_all(1);
	store(&stopped, 1);
}

int advise_stopped(void)
{
	return load(&stopped);
}

int advise_is_due(void)
{
	return load(&wanted) != load(&answered) && !load(&stopped);
}

/* Something is new, but this is no moment to look at it. */
void advise_later(void)
{
	store(&wanted, load(&wanted) + 1);
}
