/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the keys of daemon.json that dockerd knows; it does not start with others. */
#include "doctor/docker_keys.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"
#include "base/text.h"

/*
 * The options of dockerd 20.10.24 (dockerd --help, and hidden ones of cmd/dockerd), in the file by the names
 * of their lists (opts.NamedOption), with what it decodes them into (daemon/config); later, those that
 * came until 29.
 */
static const struct docker_key keys[] = {
	{ "add-runtime", DOCKER_ANY, false },
	{ "allow-direct-routing", DOCKER_BOOL, true },
	{ "allow-nondistributable-artifacts", DOCKER_STRINGS, false },
	{ "api-cors-header", DOCKER_STRING, false },
	{ "authorization-plugin", DOCKER_ANY, false },
	{ "authorization-plugins", DOCKER_STRINGS, false },
	{ "bip", DOCKER_STRING, false },
	{ "bip6", DOCKER_STRING, true },
	{ "bridge", DOCKER_STRING, false },
	{ "bridge-accept-fwmark", DOCKER_STRING, true },
	{ "builder", DOCKER_MAP, false },
	{ "cdi-spec-dir", DOCKER_ANY, true },
	{ "cdi-spec-dirs", DOCKER_STRINGS, true },
	{ "cgroup-parent", DOCKER_STRING, false },
	{ "cluster-advertise", DOCKER_STRING, false },
	{ "cluster-store", DOCKER_STRING, false },
	{ "cluster-store-opt", DOCKER_ANY, false },
	{ "cluster-store-opts", DOCKER_STRING_MAP, false },
	{ "config-file", DOCKER_ANY, false },
	{ "containerd", DOCKER_STRING, false },
	{ "containerd-namespace", DOCKER_STRING, false },
	{ "containerd-plugins-namespace", DOCKER_ANY, false },
	{ "cpu-rt-period", DOCKER_INT, false },
	{ "cpu-rt-runtime", DOCKER_INT, false },
	{ "cri-containerd", DOCKER_BOOL, false },
	{ "data-root", DOCKER_STRING, false },
	{ "debug", DOCKER_BOOL, false },
	{ "default-address-pool", DOCKER_ANY, false },
	{ "default-address-pools", DOCKER_LIST, false },
	{ "default-cgroupns-mode", DOCKER_STRING, false },
	{ "default-gateway", DOCKER_STRING, false },
	{ "default-gateway-v6", DOCKER_STRING, false },
	{ "default-ipc-mode", DOCKER_STRING, false },
	{ "default-network-opt", DOCKER_ANY, true },
	{ "default-network-opts", DOCKER_MAP, true },
	{ "default-runtime", DOCKER_STRING, false },
	{ "default-shm-size", DOCKER_STRING, false },
	{ "default-stop-timeout", DOCKER_INT, true },
	{ "default-ulimit", DOCKER_ANY, false },
	{ "default-ulimits", DOCKER_MAP, false },
	{ "deprecated-key-path", DOCKER_STRING, false },
	{ "dns", DOCKER_STRINGS, false },
	{ "dns-opt", DOCKER_ANY, false },
	{ "dns-opts", DOCKER_STRINGS, false },
	{ "dns-search", DOCKER_STRINGS, false },
	{ "exec-opt", DOCKER_ANY, false },
	{ "exec-opts", DOCKER_STRINGS, false },
	{ "exec-root", DOCKER_STRING, false },
	{ "experimental", DOCKER_BOOL, false },
	{ "feature", DOCKER_ANY, true },
	{ "features", DOCKER_BOOL_MAP, false },
	{ "firewall-backend", DOCKER_STRING, true },
	{ "fixed-cidr", DOCKER_STRING, false },
	{ "fixed-cidr-v6", DOCKER_STRING, false },
	{ "graph", DOCKER_STRING, false },
	{ "group", DOCKER_STRING, false },
	{ "help", DOCKER_ANY, false },
	{ "host", DOCKER_ANY, false },
	{ "host-gateway-ip", DOCKER_STRING, false },
	{ "host-gateway-ips", DOCKER_STRINGS, true },
	{ "hosts", DOCKER_STRINGS, false },
	{ "http-proxy", DOCKER_STRING, true },
	{ "https-proxy", DOCKER_STRING, true },
	{ "icc", DOCKER_BOOL, false },
	{ "init", DOCKER_BOOL, false },
	{ "init-path", DOCKER_STRING, false },
	{ "insecure-registries", DOCKER_STRINGS, false },
	{ "insecure-registry", DOCKER_ANY, false },
	{ "ip", DOCKER_STRING, false },
	{ "ip-forward", DOCKER_BOOL, false },
	{ "ip-forward-no-drop", DOCKER_BOOL, true },
	{ "ip-masq", DOCKER_BOOL, false },
	{ "ip6tables", DOCKER_BOOL, false },
	{ "iptables", DOCKER_BOOL, false },
	{ "ipv6", DOCKER_BOOL, false },
	{ "label", DOCKER_ANY, false },
	{ "labels", DOCKER_STRINGS, false },
	{ "live-restore", DOCKER_BOOL, false },
	{ "log-driver", DOCKER_STRING, false },
	{ "log-format", DOCKER_STRING, true },
	{ "log-level", DOCKER_LEVEL, false },
	{ "log-opt", DOCKER_ANY, false },
	{ "log-opts", DOCKER_STRING_MAP, false },
	{ "max-concurrent-downloads", DOCKER_COUNT, false },
	{ "max-concurrent-uploads", DOCKER_COUNT, false },
	{ "max-download-attempts", DOCKER_COUNT, false },
	{ "metrics-addr", DOCKER_STRING, false },
	{ "min-api-version", DOCKER_STRING, true },
	{ "mtu", DOCKER_INT, false },
	{ "network-control-plane-mtu", DOCKER_INT, false },
	{ "network-diagnostic-port", DOCKER_INT, false },
	{ "no-new-privileges", DOCKER_BOOL, false },
	{ "no-proxy", DOCKER_STRING, true },
	{ "node-generic-resource", DOCKER_ANY, false },
	{ "node-generic-resources", DOCKER_STRINGS, false },
	{ "nri-opts", DOCKER_MAP, true },
	{ "oom-score-adjust", DOCKER_INT, false },
	{ "pidfile", DOCKER_STRING, false },
	{ "raw-logs", DOCKER_BOOL, false },
	{ "registry-mirror", DOCKER_ANY, false },
	{ "registry-mirrors", DOCKER_STRINGS, false },
	{ "rootless", DOCKER_BOOL, false },
	{ "runtimes", DOCKER_MAP, false },
	{ "seccomp-profile", DOCKER_STRING, false },
	{ "selinux-enabled", DOCKER_BOOL, false },
	{ "shutdown-timeout", DOCKER_INT, false },
	{ "storage-driver", DOCKER_STRING, false },
	{ "storage-opt", DOCKER_ANY, false },
	{ "storage-opts", DOCKER_STRINGS, false },
	{ "swarm-default-advertise-addr", DOCKER_STRING, false },
	{ "tls", DOCKER_BOOL, false },
	{ "tlscacert", DOCKER_STRING, false },
	{ "tlscert", DOCKER_STRING, false },
	{ "tlskey", DOCKER_STRING, false },
	{ "tlsverify", DOCKER_BOOL, false },
	{ "userland-proxy", DOCKER_BOOL, false },
	{ "userland-proxy-path", DOCKER_STRING, false },
	{ "userns-remap", DOCKER_STRING, false },
	{ "validate", DOCKER_ANY, true },
	{ "version", DOCKER_ANY, false },
};

const struct docker_key *docker_key_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

/* Go decodes no fraction and no exponent into an int (strconv.ParseInt). */
static bool is_whole_number(const struct json_value *v)
{
	int64_t n;

	return v->type == JSON_NUMBER &&
	       parse_int(v->text, v->len, INT64_MIN, INT64_MAX, &n) == 0;
}

/* logrus.ParseLevel() */
static bool is_level(const struct json_value *v)
{
	static const char *const levels[] = { "panic",   "fatal", "error", "warn",
					      "warning", "info",  "debug", "trace" };

	for (size_t i = 0; v->type == JSON_STRING && i < ARRAY_SIZE(levels); i++) {
		if (strcasecmp(levels[i], v->text) == 0)
			return true;
	}
	return v->type == JSON_STRING && !v->text[0];
}

static const char *wants(enum docker_value value, const struct json_value *v)
{
	switch (value) {
	case DOCKER_BOOL:
		return v->type == JSON_BOOL ? NULL : "true or false";
	case DOCKER_STRING:
		return v->type == JSON_STRING ? NULL : "a string";
	case DOCKER_LEVEL:
		return is_level(v) ? NULL : "a level of logs";
	case DOCKER_INT:
		return is_whole_number(v) ? NULL : "a whole number";
	case DOCKER_COUNT:
		return is_whole_number(v) && v->text[0] != '-' ? NULL : "a number from 0 on";
	case DOCKER_STRINGS:
	case DOCKER_LIST:
		return v->type == JSON_ARRAY ? NULL : "a list";
	case DOCKER_STRING_MAP:
	case DOCKER_BOOL_MAP:
	case DOCKER_MAP:
		return v->type == JSON_OBJECT ? NULL : "an object";
	case DOCKER_ANY:
		break;
	}
	return NULL;
}

#define ANY "?" /* a key of the user's */

/* What dockerd decodes into structs of its own, whose keys Go takes in any case. */
static const struct {
	char key[6][24]; /* "*" is an element; "" ends it */
	enum docker_value value;
} nested[] = {
	{ { "default-address-pools", "*" }, DOCKER_MAP },
	{ { "default-address-pools", "*", "base" }, DOCKER_STRING },
	{ { "default-address-pools", "*", "size" }, DOCKER_INT },
	{ { "default-ulimits", ANY }, DOCKER_MAP },
	{ { "default-ulimits", ANY, "Name" }, DOCKER_STRING },
	{ { "default-ulimits", ANY, "Hard" }, DOCKER_INT },
	{ { "default-ulimits", ANY, "Soft" }, DOCKER_INT },
	{ { "builder", "entitlements" }, DOCKER_MAP },
	{ { "builder", "entitlements", "network-host" }, DOCKER_BOOL },
	{ { "builder", "entitlements", "security-insecure" }, DOCKER_BOOL },
	{ { "builder", "gc" }, DOCKER_MAP },
	{ { "builder", "gc", "enabled" }, DOCKER_BOOL },
	{ { "builder", "gc", "defaultKeepStorage" }, DOCKER_STRING },
	{ { "builder", "gc", "policy" }, DOCKER_LIST },
	{ { "builder", "gc", "policy", "*" }, DOCKER_MAP },
	{ { "builder", "gc", "policy", "*", "all" }, DOCKER_BOOL },
	{ { "builder", "gc", "policy", "*", "keepStorage" }, DOCKER_STRING },
	{ { "builder", "gc", "policy", "*", "filter" }, DOCKER_STRINGS },
};

static bool is_nested(const struct json_path *p, const char key[][24])
{
	size_t n = 0;

	for (; n < p->depth && key[n][0]; n++) {
		if (!p->key[n] ? key[n][0] != '*' :
				 strcmp(key[n], ANY) != 0 && strcasecmp(key[n], p->key[n]) != 0)
			return false;
	}
	return n == p->depth && !key[n][0];
}

const char *docker_key_wants(const struct docker_key *key, const struct json_path *p,
			     const struct json_value *v)
{
	if (v->type == JSON_NULL)
		return NULL;
	if (p->depth == 1)
		return wants(key->value, v);
	if (p->depth == 2 && (key->value == DOCKER_STRINGS || key->value == DOCKER_STRING_MAP))
		return wants(DOCKER_STRING, v);
	if (p->depth == 2 && key->value == DOCKER_BOOL_MAP)
		return wants(DOCKER_BOOL, v);
	for (size_t i = 0; i < ARRAY_SIZE(nested); i++) {
		if (is_nested(p, nested[i].key))
			return wants(nested[i].value, v);
	}
	return NULL;
}

bool docker_key_is_whole(const char *name)
{
	const struct docker_key *key = docker_key_find(name);

	return key && (key->value == DOCKER_STRING_MAP || key->value == DOCKER_BOOL_MAP ||
		       key->value == DOCKER_MAP);
}
