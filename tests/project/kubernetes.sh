#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is shipped for Kubernetes: kubectl makes resources of it, with no more rights than the
# documents say. engines/nri runs the DaemonSet's pod.

suite_setup() {
	kubectl=$("$top/tests/lib/kubectl" "$BUILD/kubectl")
	for name in base overlays/one-pool overlays/restricted overlays/inject overlays/openshift; do
		"$kubectl" kustomize "$top/kubernetes/$name" >"$work/$(basename $name)" 2>"$work/err"
		_ended=$?
		assertEquals "$name: $(cat "$work/err")" 0 $_ended
	done
	python3 - "$work/base" "$work/one-pool" "$work/restricted" "$work/inject" "$work/openshift" >"$work/facts" <<-'P'
		import sys, yaml
		for path in sys.argv[1:]:
		    name = path.rsplit("/", 1)[1]
		    with open(path) as text:
		        found = list(yaml.safe_load_all(text))
		    print(name, "kinds", *sorted(one["kind"] for one in found))
		    one = [one for one in found if one["kind"] == "DaemonSet"][0]
		    spec = one["spec"]["template"]["spec"]
		    agent = spec["containers"][0]
		    rights = agent["securityContext"]
		    print(name, "selector", *sorted("%s=%s" % pair for pair in spec["nodeSelector"].items()))
		    print(name, "containers", len(spec["containers"]))
		    print(name, "token", spec["automountServiceAccountToken"])
		    print(name, "network", spec.get("hostNetwork", False))
		    print(name, "capabilities", rights["capabilities"]["drop"], rights["capabilities"].get("add", []))
		    print(name, "host-pid", spec.get("hostPID", False))
		    print(name, "seccomp", spec["securityContext"]["seccompProfile"]["type"])
		    print(name, "privileged", rights["privileged"], rights["allowPrivilegeEscalation"])
		    print(name, "writable", not rights["readOnlyRootFilesystem"])
		    print(name, "places", *sorted(v["hostPath"]["path"] for v in spec["volumes"] if "hostPath" in v))
		    print(name, "labels", one["spec"]["selector"]["matchLabels"] ==
		          one["spec"]["template"]["metadata"]["labels"])
		    config = [v["configMap"]["name"] for v in spec["volumes"] if "configMap" in v]
		    print(name, "config", config == [c["metadata"]["name"] for c in found if c["kind"] == "ConfigMap"])
		    print(name, "image", agent["image"])
		    print(name, "probes", *sorted(key for key in agent if key.endswith("Probe")))
		    print(name, "args", *agent["args"])
		    for c in found:
		        if c["kind"] == "ConfigMap":
		            with open(path + ".json", "w") as out:
		                out.write(c["data"]["config.json"])
	P
}

fact() {
	sed -n "s/^$1 $2 //p" "$work/facts"
}

testTheAgentsRights() {
	for name in base one-pool; do
		assertEquals "['ALL'] ['SYS_PTRACE', 'SYS_ADMIN', 'KILL', 'DAC_READ_SEARCH']" "$(fact $name capabilities)"
		assertEquals "False False" "$(fact $name privileged)"
		assertEquals False "$(fact $name token)"
		assertEquals False "$(fact $name network)"
		assertEquals False "$(fact $name writable)"
		assertEquals "/run/ksm-hook /sys/kernel/mm/ksm /var/run/nri" "$(fact $name places)"
		assertEquals 1 "$(fact $name containers)"
		# who keeps the port busy does not get the agent killed
		assertEquals readinessProbe "$(fact $name probes)"
	done
}

# the one without any right
testRestricted() {
	assertEquals "['ALL'] []" "$(fact restricted capabilities)"
	assertEquals "False False" "$(fact restricted privileged)"
	assertEquals False "$(fact restricted host-pid)"
	assertEquals RuntimeDefault "$(fact restricted seccomp)"
	assertContains "$(fact restricted args)" "--way=exec"
	assertNotContains "$(fact restricted args)" "--existing"
	# another tuner is not seen from there
	assertContains "$(fact base args)" "--profile"
	assertNotContains "$(fact restricted args)" "--profile"
	assertContains "$(fact restricted places)" /var/lib/ksm-hook
	assertContains "$(fact inject args)" "--way=inject"
	assertEquals "True Unconfined" "$(fact inject host-pid) $(fact inject seccomp)"
}

# by what docs/kubernetes.md says
testComponentsAreCombined() {
	cp -r "$top/kubernetes" "$work/kubernetes"
	mkdir "$work/own"
	for other in restricted openshift inject; do
		cat >"$work/own/kustomization.yaml" <<-K
			resources: [../kubernetes/base]
			components: [../kubernetes/components/one-pool, ../kubernetes/components/$other]
			images: [{ name: localhost/ksm-hook, newName: registry/ksm-hook, newTag: "1" }]
		K
		out=$("$kubectl" kustomize "$work/own" 2>&1)
		assertEquals "$other: $out" 0 $?
		assertContains "$out" "ksm-hook: enabled"
		assertContains "$out" "image: registry/ksm-hook:1"
		case $other in
		restricted) assertContains "$out" "--way=exec" ;;
		openshift) assertContains "$out" "kind: SecurityContextConstraints" ;;
		inject) assertContains "$out" "--way=inject" ;;
		esac
	done
}

# block NAME: what docs/kubernetes.md has in this file, in an indented block that begins with its name
block() {
	sed -n "/^    # $1/,/^\$/{ /^    # /d; s/^    //p; }" "$top/docs/kubernetes.md" | sed '/^$/,$d'
}

# docs/kubernetes.md, 3.: observed on one pool, enforced there, then on all nodes
testObserveThenEnforceThenAll() {
	mkdir -p "$work/steps/ksm-hook"
	cp -r "$top/kubernetes" "$work/steps/ksm-hook/kubernetes"
	block kustomization.yaml >"$work/steps/kustomization.yaml"
	block config.json >"$work/steps/config.json"
	for step in observe enforce all; do
		case $step in
		enforce) sed -i 's/"mode": "observe", //' "$work/steps/config.json" ;;
		all) sed -i 's|kubernetes/overlays/one-pool|kubernetes/base|' "$work/steps/kustomization.yaml" ;;
		esac
		"$kubectl" kustomize "$work/steps" >"$work/step.$step" 2>"$work/err"
		_ended=$?
		assertEquals "$step: $(cat "$work/err")" 0 $_ended
		python3 - "$work/step.$step" >"$work/step.$step.json" <<-'P'
			import sys, yaml
			with open(sys.argv[1]) as text:
			    print([one for one in yaml.safe_load_all(text) if one["kind"] == "ConfigMap"][0]["data"]["config.json"])
		P
	done
	# both are valid, and by the first it is told that no engine says here which namespace it is
	state='{"id":"c1","annotations":{"io.ksm.merge":"true"}}'
	assertContains "$(echo "$state" | "$KSM_HOOK" createRuntime --config="$work/step.observe.json" 2>&1)" "reason=denied-unknown"
	assertEquals "" "$(echo "$state" | "$KSM_HOOK" createRuntime --config="$work/step.enforce.json" 2>&1)"
	assertEquals "1 0" "$(grep -c '"observe"' "$work/step.observe.json") $(grep -c '"observe"' "$work/step.enforce.json")"
	assertContains "$(cat "$work/step.enforce")" "ksm-hook: enabled"
	assertNotContains "$(cat "$work/step.all")" "ksm-hook: enabled"
	assertContains "$(cat "$work/step.all")" "image: REGISTRY/ksm-hook:0.2.0"
	# another name, which rolls the agents out
	assertNotEquals "$(grep -o 'name: ksm-hook-[0-9a-z]*' "$work/step.observe")" "$(grep -o 'name: ksm-hook-[0-9a-z]*' "$work/step.enforce")"
}

# docs/kubernetes.md, "Stop at once": the file that the agent looks for, and the node's directory
testTheKillSwitchReachesTheAgent() {
	[ -d "$work/kubernetes" ] || cp -r "$top/kubernetes" "$work/kubernetes"
	mkdir "$work/stopped"
	cat >"$work/stopped/kustomization.yaml" <<-'K'
		resources: [../kubernetes/base]
		configMapGenerator:
		  - { name: ksm-hook, namespace: ksm-hook, behavior: merge, literals: [stop=yes] }
	K
	"$kubectl" kustomize "$work/stopped" >"$work/stopped.yaml"
	for values in stop=false stop=true; do
		"$BUILD/kubectl/helm/helm" template x "$top/kubernetes/chart" --set $values >"$work/$values.yaml" 2>&1
	done
	out=$(python3 - "$work/stopped.yaml" "$work/stop=true.yaml" "$work/stop=false.yaml" <<-'P'
		import sys, yaml
		for path in sys.argv[1:]:
		    with open(path) as text:
		        found = {one["kind"]: one for one in yaml.safe_load_all(text) if one}
		    spec = found["DaemonSet"]["spec"]["template"]["spec"]
		    mounts = {m["mountPath"]: m for m in spec["containers"][0]["volumeMounts"]}
		    volumes = {v["name"]: v for v in spec["volumes"]}
		    config = volumes[mounts["/etc/ksm-hook"]["name"]]["configMap"]
		    # a file for each key, which the kubelet brings and takes away while the pod runs
		    print(*sorted(found["ConfigMap"]["data"]), config["name"] == found["ConfigMap"]["metadata"]["name"],
		          "items" in config or "subPath" in mounts["/etc/ksm-hook"],
		          volumes[mounts["/run/ksm-hook"]["name"]]["hostPath"]["path"])
	P
	)
	assertEquals "config.json stop True False /run/ksm-hook
config.json stop True False /run/ksm-hook
config.json True False /run/ksm-hook" "$out"
}

# the policy's expression, as an interpreter of CEL has it: label of the namespace, annotations of the pod
testTheAdmissionPolicy() {
	cat >"$work/cel.mjs" <<-'J'
		import fs from "fs";
		const { evaluate } = await import(process.argv[2] + "/node_modules/@marcbachmann/cel-js/lib/index.js");
		const policy = JSON.parse(fs.readFileSync(0, "utf8"));
		for (const { expression } of policy.spec.validations)
		  for (const labels of [undefined, {}, { "ksm-hook": "no" }, { "ksm-hook": "allowed" }])
		    console.log(...[undefined, {}, { a: "b" }, { a: "b", "io.ksm.merge/pod": "true" }, { "xio.ksm.merge": "true" }].map(annotations =>
		      evaluate(expression, { object: { metadata: { annotations } }, namespaceObject: { metadata: { labels } } })));
	J
	models=$("$top/tests/lib/kubernetes-models" "$BUILD/kubernetes-models")
	out=$(python3 -c 'import json, sys, yaml
print(json.dumps(next(yaml.safe_load_all(sys.stdin))))' <"$top/kubernetes/components/admission/policy.yaml" |
		node "$work/cel.mjs" "$models" 2>&1)
	assertEquals "true true true false true
true true true false true
true true true false true
true true true true true" "$out"
}

# the Job has what the command keeps of its rights, and no more; a pod of it on each node
testTheEstimate() {
	"$kubectl" kustomize "$top/kubernetes/estimate" >"$work/estimate"
	out=$(python3 - "$work/estimate" <<-'P'
		import sys, yaml
		with open(sys.argv[1]) as text:
		    job = [one for one in yaml.safe_load_all(text) if one["kind"] == "Job"][0]["spec"]["template"]
		agent = job["spec"]["containers"][0]["securityContext"]
		print(*sorted(agent["capabilities"]["add"]), agent["capabilities"]["drop"], agent["readOnlyRootFilesystem"])
		anti = job["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]
		print(anti["labelSelector"]["matchLabels"].items() <= job["metadata"]["labels"].items(), job["spec"]["hostPID"])
		print("volumes" in job["spec"], job["spec"]["automountServiceAccountToken"])
	P
	)
	assertEquals "DAC_READ_SEARCH IPC_LOCK SYS_ADMIN SYS_PTRACE ['ALL'] True
True True
False False" "$out"
	out=$(setpriv --bounding-set=-all,+dac_read_search,+ipc_lock,+sys_admin,+sys_ptrace "$KSM_HOOK" estimate --json $$ 2>&1)
	assertEquals "$out" 0 $?
	assertEquals 1 "$(echo "$out" | jq .total.processes)"
}

# what the DaemonSet asks for, by the names of the API, and no more
testOpenShift() {
	assertEquals "ClusterRole ConfigMap DaemonSet Namespace NetworkPolicy RoleBinding SecurityContextConstraints ServiceAccount" \
		"$(fact openshift kinds)"
	out=$(python3 - "$work/openshift" <<-'P'
		import sys, yaml
		with open(sys.argv[1]) as text:
		    found = {one["kind"]: one for one in yaml.safe_load_all(text)}
		scc, role, binding = (found[kind] for kind in ("SecurityContextConstraints", "ClusterRole", "RoleBinding"))
		spec = found["DaemonSet"]["spec"]["template"]["spec"]
		agent = spec["containers"][0]["securityContext"]
		print(scc["allowHostPID"] == spec["hostPID"], scc["allowPrivilegedContainer"], scc["allowHostNetwork"])
		print(sorted(scc["allowedCapabilities"]) == sorted(agent["capabilities"]["add"]))
		print(scc["seLinuxContext"]["seLinuxOptions"] == spec["securityContext"]["seLinuxOptions"])
		print(scc["runAsUser"] == {"type": "MustRunAs", "uid": agent["runAsUser"]})
		print(sorted(scc["volumes"]) == sorted({kind for v in spec["volumes"] for kind in v if kind != "name"}))
		print(role["rules"][0]["resourceNames"] == [scc["metadata"]["name"]], role["rules"][0]["verbs"])
		print(binding["roleRef"]["name"] == role["metadata"]["name"],
		      binding["subjects"][0]["name"] == spec["serviceAccountName"],
		      binding["subjects"][0]["namespace"] == found["DaemonSet"]["metadata"]["namespace"])
	P
	)
	assertEquals "True False False
True
True
True
True
True ['use']
True True True" "$out"
}

testTheResourcesFitTogether() {
	for name in base one-pool; do
		assertEquals "ConfigMap DaemonSet Namespace NetworkPolicy ServiceAccount" "$(fact $name kinds)"
		assertEquals True "$(fact $name labels)"
		assertEquals True "$(fact $name config)"
	done
	assertEquals "kubernetes.io/os=linux" "$(fact base selector)"
	assertEquals "ksm-hook=enabled kubernetes.io/os=linux" "$(fact one-pool selector)"
}

# the image that `make image` makes of this tree, and arguments and rules that the program takes
testTheProgramTakesIt() {
	version=$("$KSM_HOOK" --version | cut -d' ' -f2)
	assertEquals "localhost/ksm-hook:$version" "$(fact base image)"
	# shellcheck disable=SC2046 # its words
	out=$("$KSM_HOOK" $(fact base args) --help 2>&1)
	assertEquals "$out" 0 $?
	state='{"id":"c1","annotations":{"io.ksm.merge":"true"}}'
	out=$(echo "$state" | "$KSM_HOOK" createRuntime --config="$work/base.json" 2>&1)
	assertEquals "" "$out"
	sed 's/"namespace"/namespace/' "$work/base.json" >"$work/wrong.json"
	out=$(echo "$state" | "$KSM_HOOK" createRuntime --config="$work/wrong.json" 2>&1)
	assertContains "$out" "reason=config-invalid"
}

# Node Feature Discovery's directory, by the component and by the chart, also where the pod has no right
testNodeFeatures() {
	[ -d "$work/kubernetes" ] || cp -r "$top/kubernetes" "$work/kubernetes"
	mkdir "$work/features"
	for others in '' restricted; do
		cat >"$work/features/kustomization.yaml" <<-K
			resources: [../kubernetes/base]
			components: [../kubernetes/components/node-features${others:+, ../kubernetes/components/$others}]
		K
		"$kubectl" kustomize "$work/features" >"$work/features.$others" 2>&1
	done
	"$BUILD/kubectl/helm/helm" template x "$top/kubernetes/chart" --set nodeFeatures=true >"$work/features.chart" 2>&1
	out=$(python3 - "$work/features." "$work/features.restricted" "$work/features.chart" "$work/base" <<-'P'
		import sys, yaml
		for path in sys.argv[1:]:
		    with open(path) as text:
		        spec = [one for one in yaml.safe_load_all(text) if one and one["kind"] == "DaemonSet"][0]["spec"]["template"]["spec"]
		    agent = spec["containers"][0]
		    places = {v["name"]: v["hostPath"]["path"] for v in spec["volumes"] if "hostPath" in v}
		    print([a for a in agent["args"] if "features" in a],
		          [(m["mountPath"], places[m["name"]], m.get("readOnly")) for m in agent["volumeMounts"] if "features" in m["mountPath"]])
	P
	)
	directory=/etc/kubernetes/node-feature-discovery/features.d
	one="['--features=$directory'] [('$directory', '$directory', None)]"
	assertEquals "$one
$one
$one
[] []" "$out"
}

# it chooses the agent's pods, by the component and by the chart
testTheDisruptionBudget() {
	[ -d "$work/kubernetes" ] || cp -r "$top/kubernetes" "$work/kubernetes"
	mkdir "$work/budget"
	cat >"$work/budget/kustomization.yaml" <<-K
		resources: [../kubernetes/base]
		components: [../kubernetes/components/disruption-budget]
	K
	"$kubectl" kustomize "$work/budget" >"$work/budget.yaml" 2>&1
	"$BUILD/kubectl/helm/helm" template x "$top/kubernetes/chart" --set podDisruptionBudget.enabled=true >"$work/budget.chart" 2>&1
	out=$(python3 - "$work/budget.yaml" "$work/budget.chart" "$work/base" <<-'P'
		import sys, yaml
		for path in sys.argv[1:]:
		    with open(path) as text:
		        found = {one["kind"]: one for one in yaml.safe_load_all(text) if one}
		    budget = found.get("PodDisruptionBudget")
		    print(budget and (budget["spec"]["minAvailable"],
		                      budget["spec"]["selector"]["matchLabels"].items()
		                      <= found["DaemonSet"]["spec"]["template"]["metadata"]["labels"].items(),
		                      budget["metadata"].get("namespace") == found["DaemonSet"]["metadata"].get("namespace")))
	P
	)
	assertEquals "(1, True, True)
(1, True, True)
None" "$out"
}

testTheImageIsReproducible() {
	version=$("$KSM_HOOK" --version | cut -d' ' -f2)
	make -s -C "$top" BUILD="$BUILD" image >"$work/out" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/out")" 0 $_ended
	cp "$BUILD/ksm-hook-$version.oci.tar" "$work/first.tar"
	# and without a network
	unshare --net make -s -C "$top" BUILD="$BUILD" image >"$work/out" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/out")" 0 $_ended
	assertEquals "$(tar -xOf "$work/first.tar" index.json)" "$(tar -xOf "$BUILD/ksm-hook-$version.oci.tar" index.json)"
	assertContains "$(tar -xOf "$work/first.tar" index.json)" "localhost/ksm-hook:$version"
}

. "$(dirname "$0")/../lib/common.sh"
