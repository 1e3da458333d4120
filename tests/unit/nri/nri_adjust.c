/* SPDX-License-Identifier: Apache-2.0 */
/* What a container gets by way exec, and what cannot be changed. */
#include "nri/nri_adjust.h"

#include "base/macros.h"
#include "check.h"
#include "nri/nri_rpc.h"

#define LIBRARY "/dev/ksm-hook/libksm_preload.so"

static struct error err;

static void libraries(void)
{
	/* changed is what LD_PRELOAD becomes; NULL: it is left as it is */
	static const struct {
		const char *env, *changed;
	} cases[] = {
		{ "PATH=/bin", LIBRARY },
		{ "LD_PRELOAD=", LIBRARY },
		{ "LD_PRELOAD=/a.so", "/a.so:" LIBRARY },
		{ "LD_PRELOAD=" LIBRARY ".1", LIBRARY ".1:" LIBRARY },
		{ "LD_PRELOAD=/x" LIBRARY, "/x" LIBRARY ":" LIBRARY },
		{ "XLD_PRELOAD=" LIBRARY, LIBRARY },
		{ "LD_PRELOADS=/a.so", LIBRARY },
		{ "LD_PRELOAD=/dev/ksm-hook", "/dev/ksm-hook:" LIBRARY },
		{ "LD_PRELOAD=: :", ": ::" LIBRARY },
		{ "LD_PRELOAD=" LIBRARY, NULL },
		{ "LD_PRELOAD=/a.so:" LIBRARY, NULL },
		{ "LD_PRELOAD=" LIBRARY " /a.so", NULL },
	};
	static const char *const options[] = { "bind", "ro", "nosuid", "nodev" };
	char first[] = "PATH=/bin", second[] = "LD_PRELOAD=/a.so";
	Nri__Container c = NRI__CONTAINER__INIT;
	const Nri__Created *made;
	char *env[2];

	c.env = env;
	c.n_env = 1;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const Nri__Created *r;

		check_case = cases[i].env;
		env[0] = (char *)cases[i].env;
		r = nri_adjust(&c, NRI_USE_LIBRARY, "/source");
		CHECK(r != NULL);
		if (!r)
			continue;
		/* mounted in any case */
		CHECK_INT(r->adjust->n_mounts, 1);
		CHECK_TEXT(r->adjust->mounts[0]->source, "/source");
		CHECK_TEXT(r->adjust->mounts[0]->destination, LIBRARY);
		CHECK_TEXT(r->adjust->mounts[0]->type, "bind");
		CHECK_INT(r->adjust->mounts[0]->n_options, 4);
		for (size_t k = 0; k < ARRAY_SIZE(options); k++)
			CHECK_TEXT(r->adjust->mounts[0]->options[k], options[k]);
		/* protobuf-c packs by these */
		CHECK(r->base.descriptor && r->adjust->base.descriptor &&
		      r->adjust->mounts[0]->base.descriptor);
		CHECK_INT(r->adjust->n_args, 0);
		CHECK_INT(r->adjust->n_env, cases[i].changed ? 2 : 0);
		if (r->adjust->n_env == 2) {
			CHECK_TEXT(r->adjust->env[0]->key, "-LD_PRELOAD");
			CHECK_TEXT(r->adjust->env[1]->key, "LD_PRELOAD");
			CHECK_TEXT(r->adjust->env[1]->value, cases[i].changed);
		}
		nri_rpc_release();
	}
	check_case = "not the first";
	env[0] = first;
	env[1] = second;
	c.n_env = 2;
	made = nri_adjust(&c, NRI_USE_LIBRARY, "/source");
	if (CHECK(made && made->adjust->n_env == 2))
		CHECK_TEXT(made->adjust->env[1]->value, "/a.so:" LIBRARY);
	nri_rpc_release();
	check_case = "";
}

/* Where no room is left nothing is changed, and not a part either. */
static void no_room(void)
{
	char env[] = "LD_PRELOAD=/a.so", arg[] = "sleep";
	char *list[] = { env }, *args[] = { arg };
	Nri__Container c = NRI__CONTAINER__INIT;

	c.env = list;
	c.args = args;
	c.n_env = c.n_args = 1;
	for (size_t size = 1 << 20; size > 0; size /= 16) {
		while (nri_rpc_room(size))
			;
	}
	CHECK(nri_adjust(&c, NRI_USE_LIBRARY, "/source") == NULL);
	CHECK(nri_adjust(&c, NRI_USE_PROGRAM, "/source") == NULL);
	nri_rpc_release();
	CHECK(nri_adjust(&c, NRI_USE_LIBRARY, "/source") != NULL);
	CHECK(nri_adjust(&c, NRI_USE_PROGRAM, "/source") != NULL);
	nri_rpc_release();
}

static void programs(void)
{
	char sleep[] = "sleep", number[] = "600", ours[] = NRI_PROGRAM;
	char *args[] = { sleep, number }, *again[] = { ours, sleep };
	Nri__Container c = NRI__CONTAINER__INIT;
	const Nri__Created *r, *library;

	CHECK(nri_adjust(&c, NRI_USE_PROGRAM, "/source") == NULL);
	c.args = again;
	c.n_args = 2;
	CHECK(nri_adjust(&c, NRI_USE_PROGRAM, "/source") == NULL);
	CHECK(nri_adjust(&c, NRI_USE_NOTHING, "/source") == NULL);
	c.args = args;
	r = nri_adjust(&c, NRI_USE_PROGRAM, "/source");
	library = nri_adjust(&c, NRI_USE_LIBRARY, "/library");
	CHECK(r != NULL && library != NULL);
	if (r && library) {
		CHECK_INT(r->adjust->n_args, 5);
		CHECK_TEXT(r->adjust->args[0], NRI_PROGRAM);
		CHECK_TEXT(r->adjust->args[1], "run");
		CHECK_TEXT(r->adjust->args[2], "--");
		CHECK_TEXT(r->adjust->args[4], "600");
		CHECK_INT(r->adjust->n_env, 0);
		/* each for itself */
		CHECK_TEXT(r->adjust->mounts[0]->source, "/source");
		CHECK_TEXT(library->adjust->mounts[0]->source, "/library");
	}
	nri_rpc_release();
}

static void versions(void)
{
	static const struct {
		const char *name, *runtime, *nri;
		bool takes;
	} cases[] = {
		{ "containerd", "v2.1.9", "0.9.0", false },
		{ "containerd", "v2.1.9", "0.10.0", true },
		{ "containerd", "v2.2.0", "", true },
		{ "containerd", "v2.1.9", "", false },
		{ "cri-o", "1.34.0", "(devel)", true },
		{ "cri-o", "1.33.9", "0.0.0", false },
		{ "containerd", "v3.0", "", true },
		{ "other", "9.9", "", false },
		{ "other", "x", "v1.0.0", true },
		{ "crio", "x.34", "", false },
		{ "crio", "1.34.0", "", true },
		{ "crio", "1.33.9", "", false },
		{ "crio", "1.20.0", "", false },
		{ "cri-o", "1.33.9", "", false },
		{ "cri-o", "2.0", "", true },
		{ "containerd", "v2a.0", "", false },
		{ "containerd", "v3x", "", false },
		{ "containerd", ".5", "", false },
		{ "containerd", "3", "", false },
		{ "other", "9", ".10", false },
		{ "containerd", "v2.2.0", "0.1.0", false },
		{ "containerd", "v2.2.0", "0.0.9", true },
		{ "containerd", "v10.0", "", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		Nri__Configure c = NRI__CONFIGURE__INIT;

		check_case = cases[i].runtime;
		c.runtime_name = (char *)cases[i].name;
		c.runtime_version = (char *)cases[i].runtime;
		c.nri_version = (char *)cases[i].nri;
		CHECK_INT(nri_takes_args(&c), cases[i].takes);
	}
	check_case = "";
}

int main(void)
{
	CHECK_INT(nri_rpc_reserve(&err), 0);
	RUN(libraries);
	RUN(no_room);
	RUN(programs);
	RUN(versions);
	return check_end();
}
