#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the agent adds to a pod's start: pods that did not ask, that did, and with the agent away, in turns of five.

timed.py SOCKET IMAGE KSM-HOOK CONFIG ROUNDS
"""
import json
import random
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


KINDS = {"agent": ("not asked", "asked"), "away": ("away", "away again")}
BLOCK = 5  # pods of a kind between a start of the agent and its end
times = {kind: [] for kinds in KINDS.values() for kind in kinds}


def take(kind):
    whole, start, merged = pod(kind == "asked")
    assert merged == (kind == "asked"), kind
    times[kind].append((whole, start))


def block(who, turn):
    agent = start_agent() if who == "agent" else pod(True) and None
    for i in range(BLOCK):
        for kind in KINDS[who][:: 1 if (turn + i) % 2 else -1]:
            take(kind)
    if agent:
        stop_agent(agent)


def more_than_away(values, away):
    """The difference of the medians, and where it lies in 95 of 100 cases (resampled)."""
    rng = random.Random(1)
    again = sorted(
        statistics.median(rng.choices(values, k=len(values))) - statistics.median(rng.choices(away, k=len(away)))
        for _ in range(2000)
    )
    return statistics.median(values) - statistics.median(away), again[50], again[-51]


pod(False)
for turn in range(-(-int(rounds) // BLOCK)):
    for who in ("agent", "away")[:: 1 if turn % 2 else -1]:
        block(who, turn)
# "away again" is away too: how far it is from "away" is what this machine cannot tell
for at, what in ((0, "pod"), (1, "StartContainer")):
    away = [pair[at] for pair in times["away"]]
    for kind, all_of in times.items():
        values = sorted(pair[at] for pair in all_of)
        print("%-14s %-10s n=%d median %6.2f ms, quarters %6.2f to %6.2f; more than away %+.2f ms (95 %%: %+.2f to %+.2f)"
              % (what, kind, len(values), statistics.median(values), values[len(values) // 4],
                 values[3 * len(values) // 4], *more_than_away(values, away)))
