#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many containers, some at a time, as kubelet starts them: where the caller kills the runtime, what failed
is tried again, in a new sandbox if need be.

starts.py SOCKET IMAGE start GROUP PODS EACH [again]   so many containers in each pod; of every two one asks
starts.py SOCKET IMAGE check GROUP                     are those mergeable that asked, and no others?
starts.py SOCKET IMAGE stop GROUP

Prints "KEY: VALUE". What is known of a group lies in GROUP.json of the working directory.
"""
import json
import re
import sys
import threading
import time

import grpc
import api_pb2 as cri
import api_pb2_grpc

socket, image, what, group = sys.argv[1:5]
runtime = api_pb2_grpc.RuntimeServiceStub(grpc.insecure_channel("unix://" + socket))
NODE = cri.NamespaceOption(network=cri.NODE)
THREADS = 4
# what the runtime says of a plugin, and what we say
OURS = re.compile("nri|plugin|ksm", re.IGNORECASE)


def sandbox_of(name, each, attempt):
    return cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(name=name, uid=name, namespace="default", attempt=attempt),
        annotations={"io.ksm.merge/container.c%d" % i: "true" for i in range(0, each, 2)},
        labels={"ksm-hook-group": group},
        log_directory="/tmp",
        linux=cri.LinuxPodSandboxConfig(
            cgroup_parent="/ksm-hook-test-kills",
            security_context=cri.LinuxSandboxSecurityContext(namespace_options=NODE),
        ),
    )


def container_of(i, attempt):
    return cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="c%d" % i, attempt=attempt),
        image=cri.ImageSpec(image=image),
        labels={"ksm-hook-group": group},
        linux=cri.LinuxContainerConfig(
            security_context=cri.LinuxContainerSecurityContext(namespace_options=NODE),
        ),
    )


class Group:
    def __init__(self, pods, each, again):
        self.pods, self.each, self.again = list(range(pods)), each, bool(again)
        self.lock = threading.Lock()
        self.started, self.errors, self.ours, self.said = [], 0, [], {}

    def failed(self, error):
        said = str(error.details())
        with self.lock:
            self.errors += 1
            kind = re.sub("[0-9a-f]{12,}|[0-9]+", "N", said)[-90:]
            self.said[kind] = self.said.get(kind, 0) + 1
            if not self.again or OURS.search(said):
                self.ours.append(said)
        if not self.again:
            raise error
        # what the runtime cannot be asked now is no fault of the sandbox
        time.sleep(0.25)
        return error.code() == grpc.StatusCode.UNAVAILABLE

    def start_pod(self, n):
        """Until all of them run; or the caller's patience ends."""
        left, attempt, sandbox, bad = list(range(self.each)), 0, None, 0
        while left:
            attempt += 1
            try:
                if not sandbox:
                    sandbox, bad = self.run_sandbox("%s-%d" % (group, n), attempt), 0
                made = self.run_container(sandbox, left[0], attempt)
            except grpc.RpcError as error:
                bad += not self.failed(error)
                if bad >= 2:
                    sandbox = None
                continue
            with self.lock:
                self.started.append((made, left.pop(0) % 2 == 0))

    def run_sandbox(self, name, attempt):
        config = sandbox_of(name, self.each, attempt)
        return runtime.RunPodSandbox(cri.RunPodSandboxRequest(config=config), timeout=60).pod_sandbox_id, config

    def run_container(self, sandbox, i, attempt):
        pod, config = sandbox
        made = runtime.CreateContainer(
            cri.CreateContainerRequest(pod_sandbox_id=pod, config=container_of(i, attempt), sandbox_config=config),
            timeout=60,
        ).container_id
        runtime.StartContainer(cri.StartContainerRequest(container_id=made), timeout=60)
        return made

    def work(self):
        while True:
            with self.lock:
                if not self.pods:
                    return
                n = self.pods.pop(0)
            self.start_pod(n)


def start(pods, each, again=""):
    g = Group(int(pods), int(each), again)
    threads = [threading.Thread(target=g.work) for _ in range(THREADS)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(group + ".json", "w") as out:
        json.dump(g.started, out)
    print("started: %d" % len(g.started))
    print("tried-again: %d" % g.errors)
    for kind, n in sorted(g.said.items(), key=lambda pair: -pair[1])[:5]:
        print("error: %d x %s" % (n, kind))
    print("ours: %d" % len(g.ours), *sorted(set(g.ours))[:3], sep=" | " if g.ours else "")
    print("seconds: %.0f" % (time.monotonic() - begun))


def any_of(container):
    status = runtime.ContainerStatus(cri.ContainerStatusRequest(container_id=container, verbose=True), timeout=20)
    if status.status.state != cri.CONTAINER_RUNNING:
        return "not running"
    with open("/proc/%d/ksm_stat" % json.loads(status.info["info"])["pid"]) as stat:
        return [line.split()[1] for line in stat if line.startswith("ksm_merge_any:")][0]


def check():
    with open(group + ".json") as text:
        known = json.load(text)
    count = {}
    for container, asked in known:
        key = ("asked" if asked else "other") + " " + any_of(container)
        count[key] = count.get(key, 0) + 1
    print("mergeable: " + ", ".join("%s %d" % pair for pair in sorted(count.items())))


def stop():
    for pod in runtime.ListPodSandbox(cri.ListPodSandboxRequest(), timeout=20).items:
        if pod.labels.get("ksm-hook-group") == group:
            runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=pod.id), timeout=60)
            runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=pod.id), timeout=60)


{"start": start, "check": check, "stop": stop}[what](*sys.argv[5:])
