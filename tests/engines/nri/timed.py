#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the agent adds to a pod's start: pods that did not ask, that did, and with the agent away, by turns.

timed.py SOCKET IMAGE KSM-HOOK CONFIG ROUNDS
"""
import json
import statistics
import subprocess
import sys
import time

import grpc
import api_pb2 as cri
import api_pb2_grpc

socket, image, hook, config, rounds = sys.argv[1:6]
runtime = api_pb2_grpc.RuntimeServiceStub(grpc.insecure_channel("unix://" + socket))
NODE = cri.NamespaceOption(network=cri.NODE)
count = 0


def pod(asks):
    """Milliseconds: of all three calls, and of StartContainer. It is gone afterwards."""
    global count
    count += 1
    sandbox = cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(name="p%d" % count, uid="p%d" % count, namespace="default"),
        annotations={"io.ksm.merge": "true"} if asks else {},
        log_directory="/tmp",
        linux=cri.LinuxPodSandboxConfig(
            cgroup_parent="/ksm-hook-bench-nri",
            security_context=cri.LinuxSandboxSecurityContext(namespace_options=NODE),
        ),
    )
    container = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="main"),
        image=cri.ImageSpec(image=image),
        linux=cri.LinuxContainerConfig(
            security_context=cri.LinuxContainerSecurityContext(namespace_options=NODE),
        ),
    )
    begun = time.monotonic()
    made = runtime.RunPodSandbox(cri.RunPodSandboxRequest(config=sandbox), timeout=30).pod_sandbox_id
    one = runtime.CreateContainer(
        cri.CreateContainerRequest(pod_sandbox_id=made, config=container, sandbox_config=sandbox), timeout=30
    ).container_id
    created = time.monotonic()
    runtime.StartContainer(cri.StartContainerRequest(container_id=one), timeout=30)
    ended = time.monotonic()
    merged = any_of(one)
    runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=made), timeout=30)
    runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=made), timeout=30)
    return 1e3 * (ended - begun), 1e3 * (ended - created), merged


def any_of(container):
    status = runtime.ContainerStatus(cri.ContainerStatusRequest(container_id=container, verbose=True), timeout=20)
    with open("/proc/%d/ksm_stat" % json.loads(status.info["info"])["pid"]) as stat:
        return [line.split()[1] for line in stat if line.startswith("ksm_merge_any:")][0] == "yes"


def start_agent():
    agent = subprocess.Popen([hook, "nri", "--config=" + config], stderr=subprocess.PIPE, text=True)
    # one that is mergeable says that it has been taken on, and that all is in memory
    end = time.monotonic() + 30
    while not pod(True)[2]:
        assert time.monotonic() < end, "the agent is not taken on"
    return agent


def stop_agent(agent):
    agent.terminate()
    agent.communicate()


times = {"away": [], "not asked": [], "asked": []}


def take(kind):
    whole, start, merged = pod(kind != "not asked")
    assert merged == (kind == "asked"), kind
    times[kind].append((whole, start))


pod(False)
for i in range(int(rounds)):
    if i % 2:
        take("away")
    agent = start_agent()
    for kind in ["not asked", "asked"][:: 1 if i % 4 < 2 else -1]:
        take(kind)
    stop_agent(agent)
    if not i % 2:
        take("away")
for at, what in ((0, "pod"), (1, "StartContainer")):
    for kind, all_of in times.items():
        values = sorted(pair[at] for pair in all_of)
        more = statistics.median(pair[at] - away[at] for pair, away in zip(all_of, times["away"]))
        print("%-14s %-9s n=%d median %.2f ms, quarter %.2f to %.2f; of each round more than with the agent away: median %+.2f ms"
              % (what, kind, len(values), statistics.median(values), values[len(values) // 4],
                 values[3 * len(values) // 4], more))
