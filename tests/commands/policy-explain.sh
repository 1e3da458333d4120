#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# policy explain: of a container that is described, by every key of a rule, of one that runs, and of a
# host whose merging is stopped.
# needs: containers

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/policy-lib.sh"

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

testExplain() {
	cat >"$etc/config.json" <<-'E'
		{ "deny": [ { "namespace": "payments-*" },
		            { "annotation": "team", "match": "db" } ],
		  "allow": [ { "annotation": "io.kubernetes.cri.sandbox-name", "match": "*" } ] }
	E
	explain --engine containerd --annotation io.ksm.merge=true --annotation io.kubernetes.cri.sandbox-namespace=payments-eu --annotation team=web
	assertEquals 0 $?
	assertEquals "payments-eu io.kubernetes.cri.sandbox-namespace true" "$(asked '.values.namespace | "\(.value) \(.source) \(.trusted)"')"
	assertEquals "null false" "$(asked '.values.pod | "\(.value) \(.trusted)"')"
	assertEquals "deny 1 13 yes deny 2 13 no allow 3 14 no" "$(asked '.rules[] | "\(.list) \(.line) \(.column) \(.matches)"' | paste -sd ' ')"
	assertEquals "not trusted: a tenant's word" 'annotation team="db" (not trusted)' "$(asked '.rules[1].rule')"
	assertEquals 'annotation io.kubernetes.cri.sandbox-name="*"' "$(asked '.rules[2].rule')"
	assertEquals "false denied-by-rule" "$(asked '.decision | "\(.merge) \(.reason)"')"
	# the same annotations, and no engine that they would be true of
	explain --annotation io.ksm.merge=true --annotation io.kubernetes.cri.sandbox-namespace=other
	assertEquals "not-known namespace" "$(asked '.rules[0] | "\(.matches) \(.not_known)"')"
	assertEquals denied-unknown "$(asked .decision.reason)"
	echo '{"unknown": "allow"}' >"$etc/conf.d/a.json"
	explain --annotation io.ksm.merge=true --annotation io.kubernetes.cri.sandbox-name=x
	assertEquals requested "$(asked .decision.reason)"
	# the hook decides the same
	assertEquals "$(explain --annotation io.ksm.merge=true --annotation team=db && asked .decision.reason)" \
		"$(echo '{"log": "info"}' >"$etc/conf.d/b.json" && decided "$(echo "$asking" | sed 's/web/db/')")"
	echo '{' >"$etc/conf.d/a.json"
	"$KSM_HOOK" policy explain --config "$etc/config.json" --annotation a=b >"$work/out" 2>"$work/log"
	assertEquals "what is broken explains nothing" 1 $?
	assertContains "$(cat "$work/log")" "reason=config-invalid"
}

# For each engine, of the same annotations: whose word counts, and that the others' does not.
testExplainSaysWhoCanBeTrusted() {
	echo '{}' >"$etc/config.json"
	while read -r engine namespace image user; do
		set --
		[ "$engine" = plain ] || set -- "--engine=$engine"
		explain "$@" \
			--annotation io.kubernetes.cri.sandbox-namespace=cri --annotation io.kubernetes.cri.container-type=container \
			--annotation io.kubernetes.cri.image-name=cri-image --annotation io.kubernetes.pod.namespace=label \
			--annotation io.kubernetes.cri-o.ImageName=crio-image --annotation io.kubernetes.cri-o.Namespace=crio \
			--annotation io.kubernetes.container.name=c
		assertEquals "$engine namespace" "$namespace" "$(asked '.values.namespace | "\(.value),\(.source),\(.trusted),\(.not_trusted.value)"')"
		assertEquals "$engine image" "$image" "$(asked '.values.image | "\(.value),\(.trusted),\(.not_trusted.source)"')"
		assertEquals "$engine user" "$user" "$(asked '.values.user | "\(.value),\(.trusted)"')"
		assertEquals "$engine: every value has its source, or none" "" \
			"$(asked '.values[] | select((.value != null) != .trusted or (.trusted and (.source | not)) or (.trusted and .not_trusted))')"
	done <<-'E'
		containerd cri,io.kubernetes.cri.sandbox-namespace,true,null cri-image,true,null 0,true
		cri-o label,io.kubernetes.pod.namespace,true,null crio-image,true,null 0,true
		docker null,null,false,cri null,false,io.kubernetes.cri.image-name 0,true
		podman null,null,false,cri null,false,io.kubernetes.cri.image-name 0,true
		lxc null,null,false,cri null,false,io.kubernetes.cri.image-name 0,true
		plain null,null,false,cri null,false,io.kubernetes.cri.image-name 0,true
	E
	said=$("$KSM_HOOK" policy explain --config "$etc/config.json" --engine podman \
		--annotation "io.kubernetes.pod.namespace=$(printf 'a\033b')")
	assertContains "$said" "namespace   not known: nobody who can be trusted says it; not trusted: io.kubernetes.pod.namespace=a\\x1bb"
}

testExplainOneThatRuns() {
	. "$top/tests/lib/bundle.sh"
	[ -d "$work/root" ] || rootfs_make "$work/root"
	bundle_make "$work/box" "$work/root" '{}' '{"io.ksm.merge": "true", "team": "web", "other": "x"}' sleep 600
	runc run -d -b "$work/box" "ksm-policy-$$" >/dev/null 2>&1 </dev/null
	echo '{"deny": [{"annotation": "team", "match": "db"}]}' >"$etc/config.json"
	explain "ksm-policy-$$"
	assertEquals 0 $?
	assertEquals "true requested no" "$(asked '"\(.decision.merge) \(.decision.reason) \(.rules[0].matches)"')"
	echo '{"deny": [{"annotation": "team", "match": "w*"}]}' >"$etc/config.json"
	explain "ksm-policy-$$"
	assertEquals "false denied-by-rule yes" "$(asked '"\(.decision.merge) \(.decision.reason) \(.rules[0].matches)"')"
	runc delete -f "ksm-policy-$$"
	explain "ksm-policy-$$" 2>/dev/null
	assertEquals "it is gone" 1 $?
}

# all of them, in pages
testManyRules() {
	jq -n '{deny: [range(64) | {annotation: "k\(.)", match: "v\u001b"}], allow: [range(40) | {image: "i\(.)"}]}' >"$etc/config.json"
	explain --annotation k63=x
	assertEquals 104 "$(asked '.rules | length')"
	assertEquals 'annotation k63="v'"$(printf '\033')"'" (not trusted)' "$(asked '.rules[63].rule')"
	assertEquals 'image="i39"' "$(asked '.rules[103].rule')"
	assertEquals 0 "$("$KSM_HOOK" policy explain --config "$etc/config.json" --annotation k63=x | grep -c "$(printf '\033')")"
}

. "$(dirname "$0")/../lib/common.sh"
