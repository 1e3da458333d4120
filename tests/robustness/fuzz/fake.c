/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in memory for the fuzzer: the linker leads calls of open() and the like here (--wrap), so
 * that parsers are reached the way in which they are called, at the speed of memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/far_files.h"
#include "base/io.h"
#include "fuzz.h"
#include "kernel/sandbox.h"

#define FILES_MAX  8
#define OPENED_MAX 16
/* above whatever is open really */
#define FIRST_FD (1 << 20)

static struct file {
	const char *name;
	const char *data;
	size_t size;
} files[FILES_MAX];
static size_t files_n, piece;

static struct open_file {
	const struct file *file;
	size_t at;
} opened[OPENED_MAX];

char *fake_written;
size_t fake_written_size;

/* With _FILE_OFFSET_BITS=64 these are the names that glibc gives them. */
int __real_open64(const char *path, int flags, ...);
int __real_openat64(int dir, const char *path, int flags, ...);
FILE *__real_fopen64(const char *path, const char *mode);
ssize_t __real_read(int fd, void *buf, size_t size);
ssize_t __real_pread64(int fd, void *buf, size_t size, off_t at);
int __real_fstat64(int fd, struct stat *st);
int __real_close(int fd);

int __wrap_open64(const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);
FILE *__wrap_fopen64(const char *path, const char *mode);
ssize_t __wrap_read(int fd, void *buf, size_t size);
ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t at);
int __wrap_fstat64(int fd, struct stat *st);
int __wrap_close(int fd);
int __wrap_replace_file(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
			struct error *err);
int __wrap_sandbox_call(void (*fn)(const void *, void *), const void *arg, void *answer,
			size_t size, int timeout_ms, struct error *err);
int __wrap_far_run(const char *path, int (*fn)(void *arg), void *arg, struct error *err);
ssize_t __wrap_far_read_file(const char *path, enum file_trust trust, char *buf, size_t cap,
			     struct error *err);

void fake_file(const char *name, const void *data, size_t size)
{
	require(files_n < FILES_MAX);
	files[files_n++] = (struct file){ name, data, size };
}

void fake_pieces(size_t size)
{
	piece = size;
}

void fake_forget(void)
{
	/* what is open at the end was never closed */
	for (size_t i = 0; i < OPENED_MAX; i++)
		require(!opened[i].file);
	files_n = piece = 0;
	free(fake_written);
	fake_written = NULL;
	fake_written_size = 0;
}

static const struct file *find_file(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < files_n; i++) {
		size_t n = strlen(files[i].name);

		if (n <= len && strcmp(path + len - n, files[i].name) == 0)
			return &files[i];
	}
	return NULL;
}

static int open_fake(const struct file *file)
{
	for (int i = 0; i < OPENED_MAX; i++) {
		if (opened[i].file)
			continue;
		opened[i] = (struct open_file){ file, 0 };
		return FIRST_FD + i;
	}
	abort();
}

static struct open_file *open_file_of(int fd)
{
	return files_n && fd >= FIRST_FD && fd < FIRST_FD + OPENED_MAX ?
		       &opened[fd - FIRST_FD] :
		       NULL;
}

static ssize_t read_fake(const struct file *file, void *buf, size_t size, size_t at)
{
	size_t n = at < file->size ? file->size - at : 0;

	n = n < size ? n : size;
	if (piece && n > piece)
		n = piece;
	if (n)
		memcpy(buf, file->data + at, n);
	return (ssize_t)n;
}

int __wrap_open64(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	if (files_n) {
		const struct file *file = find_file(path);

		if (file)
			return open_fake(file);
		errno = ENOENT;
		return -1;
	}
	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return __real_open64(path, flags, mode);
}

int __wrap_openat64(int dir, const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	if (files_n)
		return __wrap_open64(path, flags);
	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return __real_openat64(dir, path, flags, mode);
}

static ssize_t read_cookie(void *cookie, char *buf, size_t size)
{
	struct open_file *f = cookie;
	ssize_t n = read_fake(f->file, buf, size, f->at);

	f->at += (size_t)n;
	return n;
}

static int close_cookie(void *cookie)
{
	((struct open_file *)cookie)->file = NULL;
	return 0;
}

FILE *__wrap_fopen64(const char *path, const char *mode)
{
	static const cookie_io_functions_t functions = { .read = read_cookie,
							 .close = close_cookie };
	int fd;

	if (!files_n)
		return __real_fopen64(path, mode);
	fd = __wrap_open64(path, 0);
	return fd < FIRST_FD ? NULL : fopencookie(&opened[fd - FIRST_FD], "r", functions);
}

ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	struct open_file *f = open_file_of(fd);
	ssize_t n;

	if (!f)
		return __real_read(fd, buf, size);
	n = read_fake(f->file, buf, size, f->at);
	f->at += (size_t)n;
	return n;
}

ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t at)
{
	struct open_file *f = open_file_of(fd);

	return f ? read_fake(f->file, buf, size, (size_t)at) :
		   __real_pread64(fd, buf, size, at);
}

int __wrap_fstat64(int fd, struct stat *st)
{
	if (!open_file_of(fd))
		return __real_fstat64(fd, st);
	*st = (struct stat){ .st_mode = S_IFREG | 0600 };
	return 0;
}

int __wrap_close(int fd)
{
	struct open_file *f = open_file_of(fd);

	if (!f)
		return __real_close(fd);
	f->file = NULL;
	return 0;
}

int __wrap_replace_file(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
			struct error *err)
{
	(void)dirfd, (void)path, (void)mode, (void)err;
	free(fake_written);
	fake_written = fuzz_text(data, len);
	fake_written_size = len;
	return 0;
}

/* In this process: what a sandbox would keep from doing harm is what the fuzzer looks for. */
int __wrap_sandbox_call(void (*fn)(const void *, void *), const void *arg, void *answer,
			size_t size, int timeout_ms, struct error *err)
{
	(void)size, (void)timeout_ms, (void)err;
	fn(arg, answer);
	return 0;
}

/* Whatever is here is near: no child is made for it. */
int __wrap_far_run(const char *path, int (*fn)(void *arg), void *arg, struct error *err)
{
	(void)path;
	(void)err;
	return fn(arg);
}

ssize_t __wrap_far_read_file(const char *path, enum file_trust trust, char *buf, size_t cap,
			     struct error *err)
{
	return read_regular_file(AT_FDCWD, path, trust, buf, cap, err);
}
