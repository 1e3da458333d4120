#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The chart for Helm: the same resources as kubectl's, its values, and its test.

suite_setup() {
	kubectl=$("$top/tests/lib/kubectl" "$BUILD/kubectl")
	helm=$BUILD/kubectl/helm/helm
	"$kubectl" kustomize "$top/kubernetes/base" >"$work/base"
}

# the same pod as kubectl's, but for the name of what has config.json
testTheChart() {
	out=$("$helm" lint --strict "$top/kubernetes/chart" 2>&1)
	assertEquals "$out" 0 $?
	"$helm" template ksm-hook "$top/kubernetes/chart" -n ksm-hook >"$work/chart" 2>"$work/err"
	_ended=$?
	assertEquals "$(cat "$work/err")" 0 $_ended
	out=$(python3 - "$work/base" "$work/chart" "$work/chart.json" <<-'P'
		import sys, yaml
		specs = []
		for path in sys.argv[1:3]:
		    with open(path) as text:
		        found = [one for one in yaml.safe_load_all(text) if one]
		    one = [one for one in found if one["kind"] == "DaemonSet"][0]["spec"]
		    for volume in one["template"]["spec"]["volumes"]:
		        if "configMap" in volume:
		            volume["configMap"] = {}
		    specs.append((one["template"]["spec"], one["updateStrategy"]))
		print("the same" if specs[0] == specs[1] else specs)
		with open(sys.argv[3], "w") as out:
		    out.write([c["data"]["config.json"] for c in found if c["kind"] == "ConfigMap"][0])
	P
	)
	assertEquals "the same" "$out"
	out=$(echo '{"id":"c1","annotations":{"io.ksm.merge":"true"}}' |
		"$KSM_HOOK" createRuntime --config="$work/chart.json" 2>&1)
	assertEquals "" "$out"
	assertEquals "version: $("$KSM_HOOK" --version | cut -d' ' -f2)" "$(grep '^version' "$top/kubernetes/chart/Chart.yaml")"
}

# helm test: a pod that opts in on one of the agent's nodes, without a right, and is no agent; what it runs
# says whether it is mergeable (engines/nri has it run beside an agent)
testTheChartsTest() {
	"$helm" template x "$top/kubernetes/chart" --set nodeSelector.pool=a --set image.repository=r/k \
		--set 'imagePullSecrets[0].name=s' --set 'tolerations[0].key=t,tolerations[0].operator=Exists' \
		--set podMonitor.enabled=true >"$work/tested" 2>&1
	out=$(python3 - "$work/tested" <<-'P'
		import sys, yaml
		with open(sys.argv[1]) as text:
		    found = {one["kind"]: one for one in yaml.safe_load_all(text) if one}
		pod, agents = found["Pod"], found["DaemonSet"]["spec"]["template"]["spec"]
		spec, labels = pod["spec"], pod["metadata"]["labels"].items()
		tests, agent = spec["containers"][0], agents["containers"][0]
		print(pod["metadata"]["annotations"]["helm.sh/hook"], pod["metadata"]["annotations"]["io.ksm.merge"])
		print([kind for kind, of in (("DaemonSet", "matchLabels"), ("NetworkPolicy", "matchLabels"), ("PodMonitor", "matchLabels"))
		       if (found[kind]["spec"].get("selector") or found[kind]["spec"]["podSelector"])[of].items() <= labels])
		print([key for key in ("nodeSelector", "tolerations", "imagePullSecrets") if spec[key] != agents[key]],
		      tests["image"] == agent["image"], spec["restartPolicy"])
		rights = tests["securityContext"]
		print(rights["capabilities"], rights["privileged"], rights["allowPrivilegeEscalation"],
		      spec["securityContext"]["runAsUser"], spec["securityContext"]["seccompProfile"]["type"],
		      [key for key in spec if key.startswith("host") or key == "volumes"], spec["automountServiceAccountToken"])
		with open(sys.argv[1] + ".args", "w") as out:
		    print(*tests["args"], file=out)
	P
	)
	assertEquals "test true
[]
[] True Never
{'drop': ['ALL']} False False 65534 RuntimeDefault [] False" "$out"
	# shellcheck disable=SC2046 # its words
	out=$("$KSM_HOOK" run -- "$KSM_HOOK" $(cat "$work/tested.args") 2>&1)
	assertEquals "$out" 0 $?
	# nothing but that is one
	assertEquals "1 0" "$(grep -c '^kind: Pod$' "$work/tested") $("$helm" template x "$top/kubernetes/chart" --skip-tests | grep -c '^kind: Pod$')"
	# and who installs it is told
	out=$("$helm" install x "$top/kubernetes/chart" --namespace n --set nodeSelector.pool=a --dry-run=client 2>&1)
	assertContains "$out" "The agent runs on the nodes with pool=a"
	assertContains "$out" "helm test x --namespace n"
}

testTheChartsValues() {
	out=$("$helm" template x "$top/kubernetes/chart" --set nodeSelector.pool=a --set existing=false \
		--set image.repository=r/k --set-string image.tag=1 --set networkPolicy=false --set maxUnavailable=1 2>&1)
	assertContains "$out" "pool: a"
	assertContains "$out" "image: r/k:1"
	assertNotContains "$out" "--existing"
	assertNotContains "$out" "--economize"
	assertContains "$("$helm" template x "$top/kubernetes/chart" --set economize=900 2>&1)" "- --economize=900"
	assertNotContains "$out" "kind: NetworkPolicy"
	assertNotContains "$out" "kind: PodMonitor"
	out=$("$helm" template x "$top/kubernetes/chart" --set podMonitor.enabled=true --set podMonitor.labels.release=p \
		--set metrics.aggregate=workload --set profile= 2>&1 |
		python3 -c 'import sys, yaml
found = {one["kind"]: one for one in yaml.safe_load_all(sys.stdin) if one}
pod = found["DaemonSet"]["spec"]["template"]
agent = pod["spec"]["containers"][0]
monitor = found["PodMonitor"]
wanted = monitor["spec"]["selector"]["matchLabels"].items()
print(wanted <= pod["metadata"]["labels"].items(), monitor["metadata"]["labels"])
print([e["port"] for e in monitor["spec"]["podMetricsEndpoints"]] == [p["name"] for p in agent["ports"]])
print("--aggregate=workload" in agent["args"], [a for a in agent["args"] if a.startswith("--profile")])')
	assertEquals "True {'release': 'p'}
True
True []" "$out"
	# nobody is not everybody: a rule without "from" would let everybody in
	for from in '[]' '[{"podSelector":{}}]'; do
		out=$("$helm" template x "$top/kubernetes/chart" --set-json "metrics.from=$from" 2>&1 |
			python3 -c 'import sys, yaml
found = {one["kind"]: one for one in yaml.safe_load_all(sys.stdin) if one}
print(found["NetworkPolicy"]["spec"]["policyTypes"], [r["from"] for r in found["NetworkPolicy"]["spec"]["ingress"]])' 2>&1)
		case $from in
		'[]') assertEquals "['Ingress', 'Egress'] []" "$out" ;;
		*) assertEquals "['Ingress', 'Egress'] [[{'podSelector': {}}]]" "$out" ;;
		esac
	done
	for wrong in podMonitor.interval=often metrics.port=80 metrics.aggregate=pod profile=quick economize=5 economize=yes existing=maybe nodeFeatures=yes podDisruptionBudget.minAvailable=10% config.containers=some config.mode=watch imagee.tag=1 image.pullPolicy=Sometimes; do
		out=$("$helm" template x "$top/kubernetes/chart" --set $wrong 2>&1)
		assertNotEquals "$wrong: $out" 0 $?
		assertContains "$out" "schema"
	done
}

. "$(dirname "$0")/../lib/common.sh"
