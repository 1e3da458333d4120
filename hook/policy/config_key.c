/* SPDX-License-Identifier: Apache-2.0 */
/* A key of config.json that is not known: may it be meant to deny? */
#include "policy/config_key.h"

#include <string.h>

/* Is b what is left of a when one slip is taken back? Both in lower case, and different. */
static bool is_one_slip_away(const char *a, const char *b)
{
	size_t i = 0, la = strlen(a), lb = strlen(b);

	while (a[i] && a[i] == b[i])
		i++;
	if (la == lb)
		return strcmp(a + i + 1, b + i + 1) == 0 ||
		       (a[i] == b[i + 1] && a[i + 1] == b[i] &&
			strcmp(a + i + 2, b + i + 2) == 0);
	if (la == lb + 1)
		return strcmp(a + i + 1, b + i) == 0;
	return lb == la + 1 && strcmp(a + i, b + i + 1) == 0;
}

bool config_key_may_deny(const char *key)
{
	static const char groups[] = "_groups";
	char word[16] = "";
	size_t len = strlen(key), i;

	if (strcasestr(key, "deny") || strcasestr(key, "allow"))
		return true;
	if (len >= sizeof(word))
		return false;
	for (i = 0; i <= len; i++)
		word[i] =
			(char)(key[i] >= 'A' && key[i] <= 'Z' ? key[i] + ('a' - 'A') : key[i]);
	if (len > sizeof(groups) - 1 && strcmp(word + len - (sizeof(groups) - 1), groups) == 0)
		word[len - (sizeof(groups) - 1)] = '\0';
	return is_one_slip_away(word, "deny") || is_one_slip_away(word, "allow");
}
