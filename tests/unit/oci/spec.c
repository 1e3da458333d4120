/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of a container: what is found in it, and offsets that a parser may lie about. */
#include "oci/spec.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"
#include "oci/spec_edit.h"

#define ASK   "\"annotations\":{\"io.ksm.merge\":\"true\"}"
#define MOUNT "\"mounts\":[{\"destination\":\"/dev\",\"type\":\"tmpfs\"}]"
#define ENV   "\"process\":{\"env\":[\"A=b\"]}"
#define WHOLE "{" ASK "," MOUNT "," ENV "}"

static int parse(const char *text, struct spec *s)
{
	static const struct policy_config config;
	struct decision d;
	struct error err;
	bool syntax;

	json_release();
	return spec_parse(text, strlen(text), &config, s, NULL, &d, &syntax, &err);
}

static void id(const char *member, const char *want)
{
	struct spec s;
	char text[256];

	snprintf(text, sizeof(text), "{%s," MOUNT "," ENV "}", member);
	check_case = member;
	CHECK_INT(parse(text, &s), 0);
	CHECK_TEXT(s.id, want);
}

static void ids(void)
{
	id("\"linux\":{\"cgroupsPath\":\"/libpod_parent/libpod-12ab\"}", "12ab");
	id("\"linux\":{\"cgroupsPath\":\"user.slice:libpod:12ab\"},\"hostname\":\"h\"", "12ab");
	id("\"hostname\":\"h\",\"linux\":{\"cgroupsPath\":\"12ab\"}", "12ab");
	id("\"hostname\":\"h\"", "h");
	id("\"linux\":{\"cgroupsPath\":\"/x/\"}", "");
	id("\"hostname\":7", "");
	check_case = "";
}

static void place(const char *destination, bool is_dev)
{
	struct spec s;
	char text[512];

	snprintf(text, sizeof(text),
		 "{" ENV ",\"mounts\":[{\"destination\":\"%s\",\"type\":\"tmpfs\"}]}",
		 destination);
	check_case = destination;
	CHECK_INT(parse(text, &s), 0);
	CHECK_INT(!s.blocker.msg[0], is_dev);
}

static void places(void)
{
	char longest[200] = "/dev";

	place("/dev", true);
	place("/dev/", true);
	place("//dev", true);
	place("/./dev/.", true);
	place("/run/../dev", true);
	place("/../dev", true);
	place("dev", true);
	place("/dev/shm/..", true);
	place("/dev/shm", false);
	place("/", false);
	place("", false);
	place("/devel", false);
	place("/de", false);
	memset(longest, '/', sizeof(longest) - 4);
	memcpy(longest + sizeof(longest) - 4, "dev", 4);
	place(longest, true);
	memset(longest, 'x', sizeof(longest) - 4);
	place(longest, false);
	check_case = "";
}

static void whole(void)
{
	static const char *const yes[] = { "{}", "[]", " {\"a\":[{}]} ", "{\"}\":\"{[\\\"\"}",
					   "{\"\\\\\":1}" };
	static const char *const no[] = { "",    " ", "7",   "{",  "{\"",   "{\"a\"",   "{\"}",
					  "[{}", "}", "{}}", "\"", "{\"\\", "{\"\\\"}", "]{}" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		CHECK(spec_is_whole(yes[i], strlen(yes[i])));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		CHECK(!spec_is_whole(no[i], strlen(no[i])));
}

/* Every place in the text that a parser could name: each is refused or leaves the rest whole. */
static void lies(void)
{
	struct spec s, honest;
	struct spec_edit e;
	struct error err;
	const char *text = WHOLE;
	size_t len = strlen(text), taken = 0;
	const struct spec_additions additions = { "/lib.so", { "A=1", "B=2" }, 2 };

	CHECK_INT(parse(text, &honest), 0);
	CHECK_INT(honest.env, SPEC_ENV_ADD);
	for (int env = SPEC_ENV_THERE; env <= SPEC_ENV_LIST; env++) {
		for (uint32_t at = 0; at <= len + 2; at++) {
			size_t total = 0;

			s = honest;
			s.env = s.add = (enum spec_env)env;
			s.env_at = s.add_at = at;
			s.mount_at = at % 2 ? honest.mount_at : at;
			if (spec_edit(text, len, &s, &additions, &e, &err) < 0) {
				CHECK_HAS(err.msg, "the parser's place for");
				continue;
			}
			taken++;
			for (int i = 0; i < e.n; i += 2) {
				CHECK((const char *)e.piece[i].iov_base - text == (long)total);
				total += e.piece[i].iov_len;
			}
			CHECK_INT(total, len);
		}
	}
	CHECK(taken > 0);
	s = honest;
	s.add_at = s.mount_at = UINT32_MAX;
	CHECK_INT(spec_edit(text, len, &s, &additions, &e, &err), -EPROTO);
	s = honest;
	s.mount = (enum spec_mount)7;
	CHECK_INT(spec_edit(text, len, &s, &additions, &e, &err), -EPROTO);
}

/* The text that results, with the library or without. */
static const char *edited(const char *text, const struct spec_additions *additions)
{
	static char out[2048];
	struct spec_edit e;
	struct error err;
	struct spec s;
	size_t n = 0;

	CHECK_INT(parse(text, &s), 0);
	CHECK_INT(spec_edit(text, strlen(text), &s, additions, &e, &err), 0);
	for (int i = 0; i < e.n; i++) {
		memcpy(out + n, e.piece[i].iov_base, e.piece[i].iov_len);
		n += e.piece[i].iov_len;
	}
	out[n] = '\0';
	return out;
}

static void variables(void)
{
	const struct spec_additions two = { NULL, { "A=1", "B=2" }, 2 };
	const struct spec_additions all = { "/lib.so", { "A=1" }, 1 };
	const struct spec_additions none = { 0 };
	struct spec s;

	CHECK_TEXT(edited(WHOLE, &none), WHOLE);
	CHECK_TEXT(edited("{\"process\":{\"env\":[\"X=1\"]}}", &two),
		   "{\"process\":{\"env\":[\"X=1\",\"A=1\",\"B=2\"]}}");
	CHECK_TEXT(edited("{\"process\":{\"env\":[ ]}}", &two),
		   "{\"process\":{\"env\":[\"A=1\",\"B=2\" ]}}");
	CHECK_TEXT(edited("{\"process\":{\"cwd\":\"/\"}}", &two),
		   "{\"process\":{\"env\":[\"A=1\",\"B=2\"],\"cwd\":\"/\"}}");
	/* with the library: behind its own variable, or apart from its value */
	CHECK_HAS(edited("{\"mounts\":[{\"destination\":\"/dev\",\"type\":\"tmpfs\"}],"
			 "\"process\":{\"env\":[\"X=1\"]}}",
			 &all),
		  "[\"X=1\",\"LD_PRELOAD=" SPEC_LIBRARY "\",\"A=1\"]");
	CHECK_HAS(edited("{\"mounts\":[{\"destination\":\"/dev\",\"type\":\"tmpfs\"}],"
			 "\"process\":{\"env\":[\"LD_PRELOAD=a\",\"X=1\"]}}",
			 &all),
		  "[\"LD_PRELOAD=a:" SPEC_LIBRARY "\",\"X=1\",\"A=1\"]");
	/* what the image sets stays, even where it is empty */
	CHECK_INT(parse("{\"process\":{\"env\":[\"PYTHONHASHSEED=0\"]}}", &s), 0);
	CHECK(s.python_seed && !s.perl_seed);
	CHECK_INT(parse("{\"process\":{\"env\":[\"PERL_PERTURB_KEYS=\"]}}", &s), 0);
	CHECK(!s.python_seed && s.perl_seed);
	CHECK_INT(parse("{\"process\":{\"env\":[\"XPYTHONHASHSEED=0\",\"PERL_HASH_SEEDS=1\"]}}",
			&s),
		  0);
	CHECK(!s.python_seed && !s.perl_seed);
	/* and nothing is put where the list is not one */
	CHECK_INT(parse("{\"process\":{\"env\":[\"X=1\",7]}}", &s), 0);
	CHECK_INT(s.add, SPEC_ENV_THERE);
	CHECK_INT(parse("{\"process\":{\"env\":[\"X=1\"],\"env\":[]}}", &s), 0);
	CHECK_INT(s.add, SPEC_ENV_THERE);
	CHECK_INT(parse("{\"process\":{\"env\":[]},\"process\":{\"cwd\":\"/\"}}", &s), 0);
	CHECK_INT(s.add, SPEC_ENV_THERE);
	CHECK_INT(parse("{\"process\":{}}", &s), 0);
	CHECK_INT(s.add, SPEC_ENV_THERE);
}

int main(void)
{
	variables();
	ids();
	places();
	whole();
	lies();
	return check_end();
}
