/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of a real child: those that it wrote, each once, of the kind that they are. */
#include "kernel/pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define PAGE page_size

static size_t page_size;

struct seen {
	uint64_t from, to; /* what is counted */
	size_t pages, zero, thp, many, anonymous, disorder;
	uint64_t last;
	int end_with;
};

static int see(void *arg, const struct page *page, size_t n)
{
	struct seen *s = arg;

	if (s->end_with)
		return s->end_with;
	/* counted, not checked: how many batches there are is up to the memory of the day */
	s->disorder += n == 0 || n > PAGES_BATCH;
	for (size_t i = 0; i < n; i++) {
		s->disorder += page[i].addr <= s->last || page[i].frame == 0;
		s->last = page[i].addr;
		if (page[i].addr < s->from || page[i].addr >= s->to)
			continue;
		s->pages += !(page[i].kind & PAGE_ZERO);
		s->zero += (page[i].kind & PAGE_ZERO) != 0;
		s->many += (page[i].kind & PAGE_MANY) != 0;
		s->thp += (page[i].kind & PAGE_THP) != 0;
		s->anonymous += (page[i].kind & PAGE_ANON) != 0;
	}
	return 0;
}

/* A child that shares our memory as it is now, which we may then look at as its. */
static pid_t child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct seen look(const char *from, size_t size, enum pages_which which)
{
	struct seen s = { .from = (uintptr_t)from, .to = (uintptr_t)from + size };
	pid_t pid = child();

	CHECK_INT(pages_walk(pid, which, see, &s), 0);
	CHECK_INT(s.disorder, 0);
	reap(pid);
	return s;
}

static char *map(size_t size, int flags)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

/* Written pages here and there in more address space than is read entry by entry. */
static void sparse(void)
{
	const size_t size = 8ul << 30;
	char *p = map(size, MAP_PRIVATE | MAP_NORESERVE);
	struct seen s;
	size_t want = 0;

	madvise(p, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += size / 16, want++)
		p[i] = 1;
	p[size - 1] = 1;
	p[5 * PAGE] = 1;
	want += 2;
	s = look(p, size, PAGES_ELIGIBLE);
	CHECK_INT(s.pages, want);
	CHECK_INT(s.zero, 0);
	/* read only: the kernel's zero page */
	CHECK_INT(p[6 * PAGE] + p[size / 2 + 7 * PAGE], 0);
	s = look(p, size, PAGES_ELIGIBLE);
	CHECK_INT(s.pages, want);
	CHECK_INT(s.zero, 2);
	munmap(p, size);
}

static void dense(void)
{
	const size_t size = 2000 * PAGE;
	char *p = map(size, MAP_PRIVATE);
	struct seen s;

	madvise(p, size, MADV_NOHUGEPAGE);
	memset(p, 7, size);
	s = look(p, size, PAGES_ALL);
	CHECK_INT(s.pages, 2000);
	CHECK_INT(s.anonymous, 2000);
	/* the child's, and ours */
	CHECK_INT(s.many, 2000);
	CHECK_INT(look(p, size, PAGES_MERGEABLE).pages, 0);
	if (madvise(p, size, MADV_MERGEABLE) == 0)
		CHECK_INT(look(p, size, PAGES_MERGEABLE).pages, 2000);
	munmap(p, size);
}

/* What the child has written since it was forked is its own. */
static void mapped_once(void)
{
	const size_t size = 100 * PAGE;
	char *p = map(size, MAP_PRIVATE);
	struct seen s = { .from = (uintptr_t)p, .to = (uintptr_t)p + size };
	char done;
	int fd[2];
	pid_t pid;

	madvise(p, size, MADV_NOHUGEPAGE);
	memset(p, 7, size);
	if (pipe(fd) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(p, 8, size / 4);
		if (write(fd[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	CHECK_INT(read(fd[0], &done, 1), 1);
	CHECK_INT(pages_walk(pid, PAGES_ALL, see, &s), 0);
	CHECK_INT(s.pages, 100);
	CHECK_INT(s.many, 75);
	reap(pid);
	close(fd[0]);
	close(fd[1]);
	munmap(p, size);
}

/* Without CAP_SYS_ADMIN the kernel says 0 for each frame (fs/proc/task_mmu.c). */
static void hidden(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	struct seen s = { 0 };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (syscall(SYS_capget, &head, data) < 0)
			_exit(2);
		data[0].effective &= ~(1u << CAP_SYS_ADMIN);
		if (syscall(SYS_capset, &head, data) < 0)
			_exit(3);
		_exit(pages_walk(getpid(), PAGES_ALL, see, &s) == -EPERM ? 0 : 4);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
}

static void huge(void)
{
	const size_t size = 4ul << 20;
	char *p = map(size, MAP_PRIVATE);
	char *aligned = (char *)(((uintptr_t)p + size / 2 - 1) & ~(size / 2 - 1));
	struct seen s;

	madvise(p, size, MADV_HUGEPAGE);
	memset(aligned, 7, size / 2);
	s = look(aligned, size / 2, PAGES_ELIGIBLE);
	CHECK_INT(s.pages, size / 2 / PAGE);
	/* all or, where memory is too broken up for one, or that is larger, none */
	CHECK(s.thp == s.pages || s.thp == 0);
	munmap(p, size);
}

static void shared(void)
{
	char *p = map(100 * PAGE, MAP_SHARED);

	memset(p, 7, 100 * PAGE);
	CHECK_INT(look(p, 100 * PAGE, PAGES_ALL).pages, 0);
	munmap(p, 100 * PAGE);
}

static void file(void)
{
	FILE *f = tmpfile();
	char *p;

	if (!f || ftruncate(fileno(f), 100 * PAGE) < 0)
		abort();
	p = mmap(NULL, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(f), 0);
	for (size_t i = 0; i < 100; i++)
		CHECK_INT(p[i * PAGE], 0);
	for (size_t i = 0; i < 10; i++)
		p[i * PAGE] = 1;
	/* only what was written is anonymous */
	CHECK_INT(look(p, 100 * PAGE, PAGES_ELIGIBLE).pages, 10);
	munmap(p, 100 * PAGE);
	fclose(f);
}

/* Call inside in a directory so deep that no path of PATH_MAX bytes leads to it. */
static void walk_deep(int top, int depth, void (*inside)(void))
{
	char name[256] = "";

	memset(name, 'd', sizeof(name) - 1);
	if (depth == 0) {
		inside();
		return;
	}
	if (mkdirat(top, name, 0700) < 0)
		abort();
	if (fchdir(top) < 0 || chdir(name) < 0)
		abort();
	top = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	walk_deep(top, depth - 1, inside);
	close(top);
	if (chdir("..") < 0 || rmdir(name) < 0)
		abort();
}

/* The file is below all else, so that what is counted comes behind its line of smaps. */
static void count_behind_file(void)
{
	char *const low = (char *)0x20000000;
	int fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char *f, *p = map(100 * PAGE, MAP_PRIVATE);

	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		abort();
	f = mmap(low, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);
	CHECK(f == low);
	madvise(p, 100 * PAGE, MADV_NOHUGEPAGE);
	memset(p, 7, 100 * PAGE);
	CHECK_INT(look(p, 100 * PAGE, PAGES_ALL).pages, 100);
	munmap(p, 100 * PAGE);
	munmap(f, PAGE);
	close(fd);
	unlink("file");
}

/* 90 directories of 255 bytes each: a line of 23 KiB */
static void long_path(void)
{
	char dir[] = "/tmp/ksm-pagemap.XXXXXX";
	int top, back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!mkdtemp(dir))
		abort();
	top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	walk_deep(top, 90, count_behind_file);
	close(top);
	CHECK(fchdir(back) == 0);
	close(back);
	CHECK(rmdir(dir) == 0);
}

static void ends(void)
{
	struct seen s = { .end_with = 42 };
	pid_t pid = child();
	int r;

	CHECK_INT(pages_walk(pid, PAGES_ALL, see, &s), 42);
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	s.end_with = 0;
	/* a zombie has no memory */
	r = pages_walk(pid, PAGES_ALL, see, &s);
	CHECK(r == 0 || r == -ESRCH);
	CHECK_INT(s.last, 0);
	reap(pid);
	CHECK_INT(pages_walk(pid, PAGES_ALL, see, &s), -ESRCH);
}

static void flags(void)
{
	CHECK(pages_flags_eligible(" rd wr mr mw me ac sd"));
	CHECK(pages_flags_eligible(" rd wr mr mw me lo ac nh mg"));
	CHECK(pages_flags_eligible(""));
	CHECK(!pages_flags_eligible(" rd sh mr"));
	CHECK(!pages_flags_eligible(" rd wr sh mr mw me ms ac sd"));
	CHECK(!pages_flags_eligible(" rd ex mr mw me de "));
	CHECK(!pages_flags_eligible(" rd mr pf io de dd"));
	CHECK(!pages_flags_eligible(" rd mr mm"));
	CHECK(!pages_flags_eligible(" rd wr mr mw me ac ht"));
	CHECK(!pages_flags_eligible(" rd wr mr mw me wf dp"));
	/* MTE of aarch64 */
	CHECK(!pages_flags_eligible(" rd wr mr mw me ac mg mt "));
}

static void entries(void)
{
	const uint64_t present = 1ull << 63, file = 1ull << 61, swapped = 1ull << 62;

	CHECK(pages_entry_is(present | 5, 5));
	CHECK(pages_entry_is(present | 1ull << 56 | 5, 5));
	CHECK(!pages_entry_is(present | 6, 5));
	/* soft-dirty or not, and whatever the frame (55 bits) */
	CHECK(pages_entry_is(present | 1ull << 55 | 5, 5));
	CHECK(pages_entry_is(present | 1ull << 54 | 5, 1ull << 54 | 5));
	CHECK(!pages_entry_is(present | file | 5, 5));
	CHECK(!pages_entry_is(swapped | 5, 5));
	CHECK(!pages_entry_is(0, 0));
}

static void refused(void)
{
	struct seen s = { 0 };

	CHECK_INT(pages_walk(getpid(), PAGES_ALL, see, &s), -EACCES);
}

int main(void)
{
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	RUN(flags);
	RUN(entries);
	if (geteuid() != 0) {
		RUN(refused);
		return check_end();
	}
	RUN(sparse);
	RUN(dense);
	RUN(mapped_once);
	RUN(hidden);
	RUN(huge);
	RUN(shared);
	RUN(file);
	RUN(long_path);
	RUN(ends);
	return check_end();
}
