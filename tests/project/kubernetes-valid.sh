#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is shipped for Kubernetes would be taken by it: by the schemas of its API, and by the types of a client of its.
# kubernetes.sh looks at what it says.

suite_setup() {
	kubectl=$("$top/tests/lib/kubectl" "$BUILD/kubectl")
	models=$("$top/tests/lib/kubernetes-models" "$BUILD/kubernetes-models")
	cp -r "$top/kubernetes" "$work/kubernetes"
}

# valid: each resource on standard input would be taken by the API, by its schemas
valid() {
	python3 -c 'import json, sys, yaml
print(json.dumps([one for one in yaml.safe_load_all(sys.stdin) if one]))' |
		node "$top/tests/lib/kubernetes-valid.js" "$models"
}

testAllOfItIsValid() {
	mkdir "$work/all"
	cat >"$work/all/kustomization.yaml" <<-K
		resources: [../kubernetes/base]
		components: [../kubernetes/components/admission, ../kubernetes/components/pod-monitor, ../kubernetes/components/node-features, ../kubernetes/components/disruption-budget, ../kubernetes/components/openshift]
	K
	for what in all kubernetes/estimate kubernetes/overlays/one-pool kubernetes/overlays/restricted kubernetes/overlays/inject; do
		"$kubectl" kustomize "$work/$what" >"$work/made" 2>"$work/err"
		_ended=$?
		assertEquals "$what: $(cat "$work/err")" 0 $_ended
		valid <"$work/made" >"$work/said"
		# OpenShift's own, of which there is no schema here
		assertEquals "$what" "$(grep -c ^kind "$work/made")" \
			"$(grep -c -e ' ok$' -e '^SecurityContextConstraints is no kind that is known$' "$work/said")"
		assertContains "$(cat "$work/said")" " ok"
	done
	for values in serviceMonitor.enabled=true podMonitor.enabled=true nodeFeatures=true podDisruptionBudget.enabled=true podAnnotations.a=b; do
		"$BUILD/kubectl/helm/helm" template x "$top/kubernetes/chart" --set $values >"$work/made" 2>&1
		valid <"$work/made" >"$work/said"
		assertEquals "$values: $(cat "$work/said")" "$(grep -c ^kind "$work/made")" "$(grep -c ' ok$' "$work/said")"
	done
	# and what would not be taken is found
	for wrong in s/hostPID/hostPid/ s/containerPort:.*/containerPort:\ x/ s/mountPath:.*//; do
		"$kubectl" kustomize "$top/kubernetes/base" | sed "$wrong" | valid >"$work/said"
		assertNotContains "$wrong" "$(cat "$work/said")" "DaemonSet ok"
		assertContains "$wrong" "$(cat "$work/said")" "NetworkPolicy ok"
	done
}

# typed NAME: as the types of Kubernetes' own client have each resource, but for kinds and keys that are
# younger than this client
typed() {
	"$top/tests/lib/kubernetes-typed.py" >"$work/typed" 2>&1
	assertEquals "$1" "" "$(grep -v -e ' ok$' -e 'is no kind that is known$' "$work/typed" |
		grep -vxE '[A-Za-z]* (/spec(/template/spec)?/securityContext/appArmorProfile(; )?)+')"
}

testItIsOfTheApisTypes() {
	mkdir -p "$work/typed-all"
	cat >"$work/typed-all/kustomization.yaml" <<-K
		resources: [../kubernetes/base]
		components: [../kubernetes/components/node-features, ../kubernetes/components/disruption-budget, ../kubernetes/components/openshift]
	K
	for what in typed-all kubernetes/estimate kubernetes/overlays/restricted; do
		"$kubectl" kustomize "$work/$what" >"$work/made" 2>&1
		typed "$what" <"$work/made"
		# a policy of admission, and what is not Kubernetes' own, are no kinds that it knows
		assertTrue "$what: $(cat "$work/typed")" "[ $(grep -c -v 'no kind' "$work/typed") -ge 2 ]"
	done
	assertContains "$(cat "$work/typed")" "ServiceAccount ok"
	"$BUILD/kubectl/helm/helm" template x "$top/kubernetes/chart" --set serviceMonitor.enabled=true >"$work/made" 2>&1
	typed chart <"$work/made"
	for kind in Pod Service ConfigMap NetworkPolicy; do
		assertTrue "$kind: $(cat "$work/typed")" "grep -q '^$kind ' '$work/typed'"
	done
	# and what is not of them is found
	for wrong in s/hostPID:/hostPid:/ 's/mountPath:.*//' s/periodSeconds:/period:/; do
		"$kubectl" kustomize "$top/kubernetes/base" | sed "$wrong" |
			"$top/tests/lib/kubernetes-typed.py" >"$work/typed"
		assertTrue "$wrong: $(cat "$work/typed")" "grep -q '^DaemonSet .*\(hostPid\|mount_path\|period\)' '$work/typed'"
		assertContains "$wrong" "$(cat "$work/typed")" "NetworkPolicy ok"
	done
}

. "$(dirname "$0")/../lib/common.sh"
