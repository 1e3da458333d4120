#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# policy explain: of a container that is described, by every key of a rule, and of a host whose merging
# is stopped.
# needs: nothing

suite_setup() {
	etc=$work/etc
	mkdir "$etc"
}

explain() {
	"$KSM_HOOK" policy explain --config "$etc/config.json" --json "$@" >"$work/out" 2>"$work/err"
}

asked() {
	jq -r "$1" "$work/out"
}

# Whatever a rule asks for can be said, of each engine that tells it; and the one that is not meant does not
# match.
testEveryKeyOfARule() {
	while read -r key engine; do
		if [ "$key" = user ]; then good=4711 bad=4712; else good=pay-7 bad=web-7; fi
		jq -n --arg k "$key" --arg v "$good" '{deny: [{($k): $v}]}' >"$etc/config.json"
		explain --engine "$engine" --annotation io.ksm.merge=true --annotation KSM_MERGE=yes --value "$key=$good"
		assertEquals "$key of $engine: $(cat "$work/err")" "false denied-by-rule yes" \
			"$(asked '"\(.decision.merge) \(.decision.reason) \(.rules[0].matches)"')"
		assertEquals "$key of $engine" "$good true" "$(asked ".values.$key | \"\(.value) \(.trusted)\"")"
		assertNotEquals "$key of $engine: who says it" null "$(asked ".values.$key.source")"
		explain --engine "$engine" --annotation io.ksm.merge=true --annotation KSM_MERGE=yes --value "$key=$bad"
		assertEquals "$key of $engine" "true requested no" \
			"$(asked '"\(.decision.merge) \(.decision.reason) \(.rules[0].matches)"')"
	done <<-'E'
		namespace containerd
		pod containerd
		container containerd
		image containerd
		user containerd
		namespace cri-o
		pod cri-o
		container cri-o
		image cri-o
		name cri-o
		user cri-o
		name podman
		user podman
		user docker
		name lxc
		user lxc
	E
	jq -n '{deny: [{engine: "docker"}]}' >"$etc/config.json"
	explain --engine docker --value user=0
	assertEquals "denied-by-rule yes" "$(asked '"\(.decision.reason) \(.rules[0].matches)"')"
	explain --engine podman --annotation io.ksm.merge=true
	assertEquals "requested no" "$(asked '"\(.decision.reason) \(.rules[0].matches)"')"
}

# By the name, annotations for one container of a pod find it.
testWhomAnAnnotationIsFor() {
	echo '{}' >"$etc/config.json"
	for said in "podman name=shop-db" "podman name=db" "containerd container=db" "cri-o container=db"; do
		explain --engine "${said%% *}" --value "${said#* }" --annotation io.ksm.merge/container.db=true
		assertEquals "$said" requested "$(asked .decision.reason)"
		explain --engine "${said%% *}" --value "${said#* }" --annotation io.ksm.merge/container.web=true
		assertEquals "$said" not-requested "$(asked .decision.reason)"
	done
}

# What an engine never says would be an explanation of something that cannot be.
testWhatNoEngineSays() {
	echo '{}' >"$etc/config.json"
	while read -r words; do
		# shellcheck disable=SC2086
		"$KSM_HOOK" policy explain --config "$etc/config.json" $words >"$work/out" 2>"$work/err"
		assertNotEquals "$words" 0 $?
		assertEquals "$words: $(cat "$work/err")" "1 0" "$(wc -l <"$work/err") $(wc -l <"$work/out")"
	done <<-'E'
		--value namespace=x
		--value name=x
		--engine docker --value name=x
		--engine podman --value namespace=x
		--engine containerd --value name=x
		--engine lxc --value image=x
		--value user=root
		--value user=-1
		--value user=4294967295
		--value user=
		--value engine=docker
		--value annotation=x
		--value =x
		--value namespace
		target --value user=1
	E
	"$KSM_HOOK" policy check --value user=1 >"$work/out" 2>&1
	assertEquals 2 $?
}

# As a hook does: nothing is merged, and what would be otherwise is said too.
testAHostThatIsStopped() {
	cat >"$work/stopped" <<-'E'
		mount -t tmpfs none /etc && mkdir /etc/ksm-hook && mkdir -p /run/ksm-hook && mount -t tmpfs none /run/ksm-hook || exit 1
		echo '{"log": "info", "deny": [{"user": "7"}]}' >/etc/ksm-hook/config.json
		state='{"ociVersion":"1.0.2","id":"c1","status":"creating","pid":0,"bundle":"/b","annotations":{"io.ksm.merge":"true"}}'
		ask() {
			"$2" policy explain "$3" --json >"$1" || echo "exit $?"
			"$2" policy explain "$3" >"$1.text" || echo "exit $?"
		}
		ask "$1/free" "$2" --annotation=io.ksm.merge=true
		touch "$3"
		ask "$1/asks" "$2" --annotation=io.ksm.merge=true
		ask "$1/denied" "$2" --value=user=7
		printf %s "$state" | "$2" createRuntime 2>&1 | sed -n 's/.* reason=\([a-z-]*\).*/\1/p' | head -n 1
	E
	for place in /etc/ksm-hook/stop /run/ksm-hook/stop; do
		assertEquals "$place: a hook" host-stopped "$(unshare -m sh "$work/stopped" "$work" "$KSM_HOOK" "$place")"
		assertEquals "$place: the control" "true requested null" "$(jq -r '"\(.decision.merge) \(.decision.reason) \(.stopped)"' "$work/free")"
		assertNotContains "$place" "$(cat "$work/free.text")" stopped
		assertEquals "$place" "false host-stopped host-stopped true requested" \
			"$(jq -r '"\(.decision.merge) \(.decision.reason) \(.stopped.reason) \(.stopped.otherwise.merge) \(.stopped.otherwise.reason)"' "$work/asks")"
		assertContains "$place" "$(jq -r .stopped.text "$work/asks")" "($place)"
		assertContains "$place" "$(cat "$work/asks.text")" "leave alone  reason=host-stopped: "
		assertContains "$place" "$(cat "$work/asks.text")" "otherwise: merge  reason=requested: "
		# a rule would have kept it out anyhow, and that stays after stop --end
		assertEquals "$place" "false denied-by-rule host-stopped" \
			"$(jq -r '"\(.decision.merge) \(.decision.reason) \(.stopped.reason)"' "$work/denied")"
		assertContains "$place" "$(cat "$work/denied.text")" "  reason=host-stopped: "
	done
}

. "$(dirname "$0")/../lib/common.sh"
