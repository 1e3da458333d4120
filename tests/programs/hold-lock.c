/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds the mmap lock of a process for as long as it lives, with no privileges: a file system
 * (FUSE, in a user namespace of its own) never answers a read, one thread reads it by way of
 * /proc/self/mem, which takes the lock for that, and another one waits to map something, so that
 * nobody gets the lock any more.
 *
 *   hold-lock /dev/fuse DIRECTORY [COUNT [read|late|slow]]
 *
 *   hold-lock /dev/fuse DIRECTORY 0 [timeout]
 *
 * only mounts the file system, which then answers nothing at all, and prints "silent". With "timeout" it
 * answers everything with ETIMEDOUT, as a client of NFS does whose server is away (mounted softerr).
 *
 * As root it becomes nobody first, where it holds locks. COUNT processes do it (1). Prints "held PID" for each, when
 * it holds the lock; SIGUSR1 has them answered, SIGKILL ends it all. With "read" nobody waits to map
 * something: who wants to read maps gets the lock, and who wants to change something does not. With "late" each prints
 * "ready PID", and takes the lock at SIGUSR2, whether its main thread is stopped or not. With "slow" each
 * gives the lock back after SLOW_MS, and takes it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY    65534
#define FILE_NODE 2 /* of the first file; one for each process */
#define COUNT_MAX 128
#define LIFE_S    300
/* who reads its maps waits twice as long: far less than what counts as held up (kernel/watched.c) */
#define SLOW_MS 60
#define SIZE    (16 << 20)

/* Which files have been read, and whether they may be; shared by all. */
static volatile bool *is_read, *may_read;
static bool slow;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

static int mount_fuse(const char *device, const char *dir)
{
	char options[128], group[32];
	int fd;

	if (geteuid() == 0 && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
		die("setuid");
	prctl(PR_SET_DUMPABLE, 1);
	snprintf(options, sizeof(options), "0 %d 1", getuid());
	snprintf(group, sizeof(group), "0 %d 1", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		die("unshare");
	write_file("/proc/self/uid_map", options);
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/gid_map", group);
	/* a descriptor from outside of the user namespace would be refused */
	fd = open(device, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die(device);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("hold", dir, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		die("mount");
	return fd;
}

/* In the mount namespace that it was started in. */
static int mount_silent(const char *device, const char *dir)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);
	char options[128];

	if (fd < 0)
		die(device);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (mount("silent", dir, "fuse", 0, options) < 0)
		die("mount");
	return fd;
}

static void answer(int fd, uint64_t unique, int error, const void *data, size_t size)
{
	struct fuse_out_header h = { .len = (uint32_t)(sizeof(h) + size),
				     .error = -error,
				     .unique = unique };
	char out[sizeof(h) + 512];

	memcpy(out, &h, sizeof(h));
	if (size)
		memcpy(out + sizeof(h), data, size);
	if (write(fd, out, h.len) < 0 && errno != ENOENT)
		die("answer");
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){ .ino = node,
				   .size = node >= FILE_NODE ? SIZE : 0,
				   .mode = node >= FILE_NODE ? S_IFREG | 0444 : S_IFDIR | 0555,
				   .nlink = 1 };
}

/* Each request but the first has this error for an answer; 0: none. */
static _Noreturn void be_silent(int fd, int error)
{
	static char in[FUSE_MIN_READ_BUFFER + (1 << 20)];
	const struct fuse_in_header *h = (const void *)in;
	const struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION,
					    .minor = 31,
					    .max_write = 4096 };

	if (write(STDOUT_FILENO, "silent\n", 7) < 0)
		die("write");
	for (;;) {
		if (read(fd, in, sizeof(in)) < 0 && errno != ENOENT && errno != EINTR)
			exit(0);
		if (h->opcode == FUSE_INIT)
			answer(fd, h->unique, 0, &init, sizeof(init));
		else if (error && h->opcode != FUSE_FORGET && h->opcode != FUSE_INTERRUPT)
			answer(fd, h->unique, error, NULL, 0);
	}
}

static volatile sig_atomic_t is_over;

static void on_signal(int sig)
{
	if (sig == SIGUSR2)
		*may_read = true;
	else
		is_over = 1;
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t unanswered[COUNT_MAX * 16];
static int64_t asked[COUNT_MAX * 16];

/* Until somebody asks; answers those that have waited long enough. */
static size_t answer_slowly(int fd, size_t n)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	do {
		size_t kept = 0;

		for (size_t i = 0; i < n; i++) {
			if (now() - asked[i] >= SLOW_MS) {
				answer(fd, unanswered[i], EIO, NULL, 0);
				continue;
			}
			asked[kept] = asked[i];
			unanswered[kept++] = unanswered[i];
		}
		n = kept;
	} while (poll(&p, 1, 5) <= 0 && !is_over);
	return n;
}

/* Everything but the content, which nobody gets. */
static void serve(int fd)
{
	size_t n = 0;
	static char in[FUSE_MIN_READ_BUFFER + (1 << 20)];
	const struct fuse_in_header *h = (const void *)in;

	for (;;) {
		struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION,
					      .minor = 31,
					      .max_write = 4096 };
		struct fuse_entry_out entry = { .entry_valid = 1000, .attr_valid = 1000 };
		struct fuse_attr_out attr = { .attr_valid = 1000 };
		struct fuse_open_out opened = { .fh = 1 };

		if (is_over) {
			while (n)
				answer(fd, unanswered[--n], EIO, NULL, 0);
		}
		if (slow)
			n = answer_slowly(fd, n);
		if (read(fd, in, sizeof(in)) < 0) {
			if (errno == ENOENT || errno == EINTR)
				continue;
			die("read");
		}
		attr.attr = attributes(h->nodeid);
		if (h->opcode == FUSE_LOOKUP)
			entry.nodeid = FILE_NODE + (uint64_t)atoi(in + sizeof(*h));
		entry.attr = attributes(entry.nodeid);
		if (h->opcode == FUSE_READ) {
			is_read[h->nodeid - FILE_NODE] = true;
			if (is_over)
				answer(fd, h->unique, EIO, NULL, 0);
			else if (n < sizeof(unanswered) / sizeof(*unanswered)) {
				asked[n] = now();
				unanswered[n++] = h->unique;
			}
		}
		if (h->opcode == FUSE_INIT)
			answer(fd, h->unique, 0, &init, sizeof(init));
		else if (h->opcode == FUSE_LOOKUP)
			answer(fd, h->unique, 0, &entry, sizeof(entry));
		else if (h->opcode == FUSE_GETATTR)
			answer(fd, h->unique, 0, &attr, sizeof(attr));
		else if (h->opcode == FUSE_OPEN)
			answer(fd, h->unique, 0, &opened, sizeof(opened));
		else if (h->opcode != FUSE_READ && h->opcode != FUSE_FORGET &&
			 h->opcode != FUSE_INTERRUPT)
			answer(fd, h->unique, ENOSYS, NULL, 0);
	}
}

static char *mapping;

static void wait_a_little(void)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	nanosleep(&nap, NULL);
}

static void *read_own_memory(void *arg)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char c;

	while (!*may_read)
		wait_a_little();
	do {
		if (pread(fd, &c, 1, (off_t)(uintptr_t)mapping) == 1)
			fprintf(stderr, "the read came back\n");
	} while (slow);
	return arg;
}

static _Atomic pid_t mapper;
static int own;

static void *map_something(void *arg)
{
	while (!is_read[own])
		wait_a_little();
	mapper = gettid();
	while (slow)
		munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
	(void)!mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fprintf(stderr, "the lock was had\n");
	return arg;
}

/* In the kernel, uninterruptibly; looking at stat takes no lock. */
static bool waits(pid_t tid)
{
	char path[64], text[512];
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	state = strrchr(text, ')');
	return state && state[2] == 'D';
}

static _Noreturn void *tell(void *read_only)
{
	char text[32];

	while (!is_read[own] || (!read_only && !(mapper && waits(mapper))))
		wait_a_little();
	snprintf(text, sizeof(text), "held %d\n", getpid());
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		die("write");
	for (;;)
		pause();
}

static void hold(const char *dir, bool read_only)
{
	pthread_t reader, writer, teller;
	char path[512];
	char *memory;
	int fd;

	prctl(67 /* PR_SET_MEMORY_MERGE */, 1, 0, 0, 0);
	memory = malloc(1 << 20);
	memset(memory, 1, 1 << 20);
	snprintf(path, sizeof(path), "%s/%d", dir, own);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	mapping = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	if (mapping == MAP_FAILED)
		die(path);
	/* what is called from now on has to be in memory: a fault may need the lock */
	(void)waits(gettid());
	wait_a_little();
	if ((!read_only && pthread_create(&writer, NULL, map_something, NULL)) ||
	    pthread_create(&teller, NULL, tell, read_only ? path : NULL) ||
	    pthread_create(&reader, NULL, read_own_memory, NULL))
		die("pthread_create");
	if (!*may_read) {
		snprintf(path, sizeof(path), "ready %d\n", getpid());
		if (write(STDOUT_FILENO, path, strlen(path)) < 0)
			die("write");
	}
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const struct sigaction sa = { .sa_handler = on_signal };
	int count = argc > 3 ? atoi(argv[3]) : 1, fd;

	if (argc < 3 || count > COUNT_MAX)
		return 2;
	is_read = mmap(NULL, COUNT_MAX + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	may_read = is_read + COUNT_MAX;
	slow = argc > 4 && strcmp(argv[4], "slow") == 0;
	*may_read = argc < 5 || strcmp(argv[4], "late") != 0;
	fd = count ? mount_fuse(argv[1], argv[2]) : mount_silent(argv[1], argv[2]);
	/* whatever becomes of the suite */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(LIFE_S);
	if (!count)
		be_silent(fd, argc > 4 ? ETIMEDOUT : 0);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	for (own = 0; own < count; own++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(fd);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			hold(argv[2], argc > 4 && strcmp(argv[4], "read") == 0);
		}
	}
	serve(fd);
}
