/* SPDX-License-Identifier: Apache-2.0 */
/* What is added to config.json and where, and offsets that a parser may lie about. */
#include "oci/spec_edit.h"

#include <errno.h>

#include "base/json_reader.h"
#include "check.h"
#include "oci/parsed_spec.h"
#include "oci/spec.h"

#define WHOLE "{" ASK "," MOUNT "," ENV "}"

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
	/* each of them alone, at the ends of the text */
	for (int at_end = 0; at_end <= 1; at_end++) {
		s = honest;
		s.mount_at = at_end ? (uint32_t)len : 0;
		CHECK_INT(spec_edit(text, len, &s, &additions, &e, &err), -EPROTO);
		CHECK_HAS(err.msg, "mount");
		s = honest;
		s.add_at = at_end ? (uint32_t)len : 0;
		CHECK_INT(spec_edit(text, len, &s, &additions, &e, &err), -EPROTO);
		CHECK_HAS(err.msg, "variables");
		/* where nothing is added nobody looks */
		CHECK_INT(spec_edit(text, len, &s, &(struct spec_additions){ 0 }, &e, &err), 0);
		CHECK_INT(e.n, 1);
		s = honest;
		s.env = SPEC_ENV_APPEND;
		s.env_at = at_end ? (uint32_t)len : 0;
		CHECK_INT(spec_edit(text, len, &s, &additions, &e, &err), -EPROTO);
		CHECK_HAS(err.msg, "LD_PRELOAD");
	}
	/* behind the first byte there is a place */
	s = honest;
	s.add = SPEC_ENV_LIST;
	s.add_at = 1;
	CHECK_INT(spec_edit(text, len, &s, &additions, &e, &err), 0);
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
}

/* The pieces of text that stand where something is added, exactly. */
static void places(void)
{
	const struct spec_additions library = { "/lib.so", { NULL }, 0 };

	CHECK_TEXT(edited("{\"mounts\":[{\"destination\":\"/dev\",\"type\":\"tmpfs\"}],"
			  "\"process\":{\"env\":[\"LD_PRELOAD=\"]}}",
			  &library),
		   "{\"mounts\":[{\"destination\":\"/"
		   "dev\",\"type\":\"tmpfs\"},{\"destination\":\"" SPEC_LIBRARY
		   "\",\"type\":\"bind\",\"source\":\"/lib.so\",\"options\":[\"bind\","
		   "\"ro\",\"nosuid\",\"nodev\"]}],\"process\":{\"env\":[\"LD_"
		   "PRELOAD=" SPEC_LIBRARY "\"]}}");
	/* before the mounts as well as behind them */
	CHECK_HAS(
		edited("{\"process\":{\"cwd\":\"/\"},\"mounts\":[{\"destination\":\"/dev\","
		       "\"type\":\"tmpfs\"},{\"destination\":\"/x\"}]}",
		       &library),
		"{\"process\":{\"env\":[\"LD_PRELOAD=" SPEC_LIBRARY
		"\"],\"cwd\":\"/\"},\"mounts\":[{"
		"\"destination\":\"/dev\",\"type\":\"tmpfs\"},{\"destination\":\"" SPEC_LIBRARY
		"\"");
	CHECK_HAS(edited("{\"process\":{\"env\":[\"LD_PRELOAD=" SPEC_LIBRARY "\"]},"
			 "\"mounts\":[{\"destination\":\"/dev\",\"type\":\"tmpfs\"}]}",
			 &library),
		  "{\"process\":{\"env\":[\"LD_PRELOAD=" SPEC_LIBRARY "\"]},\"mounts\"");
	CHECK_TEXT(edited("{\"process\":{\"env\":[\"LD_PRELOAD=" SPEC_LIBRARY "\"]},"
			  "\"mounts\":[{\"destination\":\"" SPEC_LIBRARY "\"}]}",
			  &library),
		   "{\"process\":{\"env\":[\"LD_PRELOAD=" SPEC_LIBRARY "\"]},"
		   "\"mounts\":[{\"destination\":\"" SPEC_LIBRARY "\"}]}");
}

/* Variables alone: what lies behind their place stays as it was. */
static int edit_beside(const struct spec *s, const struct spec_additions *additions,
		       struct spec_edit *e)
{
	struct error err;
	int r;

	memset(e->mount, 'm', sizeof(e->mount));
	r = spec_edit(WHOLE, strlen(WHOLE), s, additions, e, &err);
	for (size_t i = 0; i < sizeof(e->mount); i++) {
		if (e->mount[i] != 'm')
			return -EOVERFLOW;
	}
	return r;
}

/* What has no room is refused, not cut. */
static void room(void)
{
	char path[1300], variable[320];
	struct spec_additions additions = { path, { variable }, 0 };
	struct spec_edit e;
	struct error err;
	struct spec s;
	size_t room = 0;

	CHECK_INT(parse(WHOLE, &s), 0);
	for (size_t len = 1000; len < sizeof(path); len++) {
		int r;

		memset(path, 'p', len);
		path[len] = '\0';
		r = spec_edit(WHOLE, strlen(WHOLE), &s, &additions, &e, &err);
		CHECK(r == -EPROTO || (r == 0 && e.mount[strlen(e.mount) - 1] == '}'));
		room = r == 0 ? len : room;
	}
	/* a path as long as PATH_MAX allows is none of ours */
	CHECK(room > 1000 && room < 1280);
	additions = (struct spec_additions){ NULL, { variable }, 1 };
	for (size_t len = 310; len < sizeof(variable); len++) {
		memset(variable, 'v', len);
		variable[len] = '\0';
		/* with a comma, two quotes and a NUL */
		CHECK_INT(edit_beside(&s, &additions, &e),
			  len + 4 <= sizeof(e.add) ? 0 : -EPROTO);
	}
	/* the second of two, behind a first one of three letters */
	additions = (struct spec_additions){ NULL, { "A=1", variable }, 2 };
	for (size_t len = 300; len < sizeof(variable); len++) {
		memset(variable, 'v', len);
		variable[len] = '\0';
		CHECK_INT(edit_beside(&s, &additions, &e),
			  6 + len + 4 <= sizeof(e.add) ? 0 : -EPROTO);
	}
	additions = (struct spec_additions){ NULL, { variable }, 1 };
	/* with the list's own brackets */
	s.add = SPEC_ENV_LIST;
	s.add_at = 1;
	for (size_t len = 290; len < sizeof(variable); len++) {
		size_t whole = strlen("\"env\":[") + len + 2 + strlen("],") + 1;

		memset(variable, 'v', len);
		variable[len] = '\0';
		CHECK_INT(edit_beside(&s, &additions, &e),
			  whole <= sizeof(e.add) ? 0 : -EPROTO);
	}
}

int main(void)
{
	RUN(variables);
	RUN(places);
	RUN(room);
	RUN(lies);
	return check_end();
}
