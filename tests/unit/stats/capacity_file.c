/* SPDX-License-Identifier: Apache-2.0 */
/* The file of samples: what is written is read back, what is broken is said by its line. */
#include "stats/capacity_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define HEAD "ksm-hook samples 1\n"

static struct capacity_history h, back;
static char text[CAPACITY_TEXT_MAX + 1];
static struct error err;

static void there_and_back(void)
{
	h.n = CAPACITY_SAMPLES_MAX;
	for (size_t i = 0; i < h.n; i++)
		h.sample[i] =
			(struct capacity_sample){ .boot = UINT64_MAX - i,
						  .uptime_s = (INT64_C(1) << 40) - (int64_t)i,
						  .time_s = -(INT64_C(1) << 40),
						  .saved = CAPACITY_BYTES_MAX,
						  .bare = -CAPACITY_BYTES_MAX };
	CHECK_INT(capacity_parse(&back, text, capacity_format(&h, text), &err), 0);
	CHECK_INT(back.n, h.n);
	CHECK(memcmp(back.sample, h.sample, sizeof(h.sample)) == 0);
	h.n = 0;
	CHECK_INT(capacity_parse(&back, text, capacity_format(&h, text), &err), 0);
	CHECK_INT(back.n, 0);
}

static void broken(void)
{
	static const struct {
		const char *text, *where;
	} cases[] = {
		{ "", "line 1" },
		{ "ksm-hook samples 2\n", "line 1" },
		{ HEAD "\n", "line 2" },
		{ HEAD "0123456789abcdef 1 2 3 4", "line 2" },
		{ HEAD "0123456789abcdef 1 2 3 4\n0123456789abcdef 1 2 3\n", "line 3" },
		{ HEAD "0123456789abcdef 1 2 3 4 5\n", "line 2" },
		{ HEAD "0123456789abcdeg 1 2 3 4\n", "line 2" },
		{ HEAD "0123456789abcde 1 2 3 4\n", "line 2" },
		{ HEAD "0123456789abcdef0 1 2 3 4\n", "line 2" },
		{ HEAD "0123456789abcdef -1 2 3 4\n", "line 2" },
		{ HEAD "0123456789abcdef 1 2 -3 4\n", "line 2" },
		{ HEAD "0123456789abcdef 1 2 9223372036854775807 4\n", "line 2" },
		{ HEAD "0123456789abcdef 1 2 99999999999999999999999999 4\n", "line 2" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		check_case = cases[i].text;
		back.n = 5;
		CHECK_INT(capacity_parse(&back, cases[i].text, strlen(cases[i].text), &err),
			  -EINVAL);
		CHECK_INT(back.n, 0);
		CHECK_HAS(err.msg, cases[i].where);
	}
	check_case = "";
	CHECK_INT(capacity_parse(&back, HEAD "0123456789abcdef 1 2\0003 4\n",
				 sizeof(HEAD "0123456789abcdef 1 2\0003 4\n") - 1, &err),
		  -EINVAL);
}

/* One line more than there may be. */
static void too_many(void)
{
	size_t len;

	h.n = CAPACITY_SAMPLES_MAX;
	for (size_t i = 0; i < h.n; i++)
		h.sample[i] = (struct capacity_sample){ .uptime_s = (int64_t)i };
	len = capacity_format(&h, text);
	len += (size_t)sprintf(text + len, "0123456789abcdef 1 2 3 4\n");
	CHECK_INT(capacity_parse(&back, text, len, &err), -EINVAL);
	CHECK_HAS(err.msg, "line 1026");
}

static void files(void)
{
	char dir[] = "/tmp/capacity-XXXXXX", path[64], below[32];

	CHECK(mkdtemp(dir) != NULL);
	snprintf(below, sizeof(below), "%s/new", dir);
	snprintf(path, sizeof(path), "%s/samples", below);
	CHECK_INT(capacity_load(&back, path, &err), -ENOENT);
	h.n = 1;
	h.sample[0] = (struct capacity_sample){ .boot = 5, .saved = 7 };
	/* the directory as well */
	CHECK_INT(capacity_store(&h, path, &err), 0);
	CHECK_INT(capacity_load(&back, path, &err), 0);
	CHECK_INT(back.n, 1);
	CHECK_INT(back.sample[0].saved, 7);
	/* others could have written it */
	CHECK_INT(chmod(path, 0666), 0);
	CHECK_INT(capacity_load(&back, path, &err), -EPERM);
	CHECK_INT(back.n, 0);
	CHECK_INT(chmod(path, 0644), 0);
	CHECK_INT(truncate(path, 30), 0);
	CHECK_INT(capacity_load(&back, path, &err), -EINVAL);
	CHECK_HAS(err.msg, path);
	CHECK_INT(unlink(path), 0);
	CHECK_INT(rmdir(below), 0);
	CHECK_INT(rmdir(dir), 0);
}

int main(void)
{
	RUN(there_and_back);
	RUN(broken);
	RUN(too_many);
	RUN(files);
	return check_end();
}
