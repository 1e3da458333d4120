/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what enable has remembered. What is read is written alike. */
#include "fuzz.h"
#include "ksmd/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ksmd_enabled t, again;
	struct error err = { 0 };

	fake_file("ksmd", data, size);
	if (ksmd_state_load(-1, &t, &err) == 0) {
		require(t.profile && t.profile->name[0] && t.agents <= KSMD_AGENTS_MAX);
		for (int i = 0; i < SETTINGS; i++)
			require(strlen(t.setting[i].found) < SETTING_TEXT &&
				strlen(t.setting[i].set) < SETTING_TEXT);
		require(ksmd_state_save(-1, &t, &err) == 0);
		data = (const uint8_t *)fuzz_text((const uint8_t *)fake_written,
						  fake_written_size);
		size = fake_written_size;
		fake_forget();
		fake_file("ksmd", data, size);
		require(ksmd_state_load(-1, &again, &err) == 0);
		require(again.profile == t.profile && again.agents == t.agents);
		for (size_t i = 0; i < t.agents; i++)
			require(again.agent[i].pid == t.agent[i].pid &&
				again.agent[i].start == t.agent[i].start);
		for (int i = 0; i < SETTINGS; i++)
			require(again.setting[i].there == t.setting[i].there &&
				strcmp(again.setting[i].found, t.setting[i].found) == 0 &&
				strcmp(again.setting[i].set, t.setting[i].set) == 0);
		free((void *)data);
	} else {
		require(err.msg[0]);
	}
	fake_forget();
	return 0;
}
