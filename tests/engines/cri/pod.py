#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What kubelet does for a pod of one container, and whether its processes are mergeable.

pod.py SOCKET IMAGE [NAMESPACE:]HANDLER [ANNOTATION=VALUE...]

Prints ksm_merge_any of the sandbox's process, the container's, and one that ExecSync starts,
and the names that $KSM_HOOK ps has of the container; the group of its layout, if it is in one; or
that it was refused. The pod is gone afterwards.
"""
import glob
import json
import os
import subprocess
import sys

import grpc
import api_pb2 as cri
import api_pb2_grpc

socket, image = sys.argv[1:3]
namespace, handler = ("default:" + sys.argv[3]).split(":")[-2:]
annotations = dict(pair.split("=", 1) for pair in sys.argv[4:])
runtime = api_pb2_grpc.RuntimeServiceStub(grpc.insecure_channel("unix://" + socket))


def any_of(text):
    found = [line.split()[1] for line in text.splitlines() if line.startswith("ksm_merge_any:")]
    return found[0] if found else "unknown: " + text


def of_process(info):
    with open("/proc/%d/ksm_stat" % json.loads(info["info"])["pid"]) as stat:
        return any_of(stat.read())


def row_of(container):
    out = subprocess.run(
        [os.environ["KSM_HOOK"], "ps", "--json"], check=True, stdout=subprocess.PIPE
    ).stdout
    return [row for row in json.loads(out) if row["id"] == container][0]


node = cri.NamespaceOption(network=cri.NODE)
pod = cri.PodSandboxConfig(
    metadata=cri.PodSandboxMetadata(name="pod", uid="ksm-hook-test", namespace=namespace),
    annotations=annotations,
    log_directory="/tmp",
    linux=cri.LinuxPodSandboxConfig(
        cgroup_parent="/ksm-hook-test",
        security_context=cri.LinuxSandboxSecurityContext(namespace_options=node),
    ),
)
container = cri.ContainerConfig(
    metadata=cri.ContainerMetadata(name="container"),
    image=cri.ImageSpec(image=image),
    linux=cri.LinuxContainerConfig(
        security_context=cri.LinuxContainerSecurityContext(namespace_options=node),
    ),
)

sandbox = runtime.RunPodSandbox(
    cri.RunPodSandboxRequest(config=pod, runtime_handler=handler), timeout=30
).pod_sandbox_id
try:
    status = runtime.PodSandboxStatus(
        cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox, verbose=True), timeout=10
    )
    print("sandbox:", of_process(status.info))
    started = runtime.CreateContainer(
        cri.CreateContainerRequest(pod_sandbox_id=sandbox, config=container, sandbox_config=pod),
        timeout=30,
    ).container_id
    try:
        runtime.StartContainer(cri.StartContainerRequest(container_id=started), timeout=30)
    except grpc.RpcError as error:
        print("container: refused, as merging is required:", "merging is required" in error.details())
        sys.exit()
    status = runtime.ContainerStatus(
        cri.ContainerStatusRequest(container_id=started, verbose=True), timeout=10
    )
    print("container:", of_process(status.info))
    ran = runtime.ExecSync(
        cri.ExecSyncRequest(container_id=started, cmd=["/bin/cat", "/proc/self/ksm_stat"], timeout=10),
        timeout=20,
    )
    inner = any_of((ran.stdout + ran.stderr).decode())
    print("exec:", inner)
    if inner != of_process(status.info):
        # the wrapper's word is in the runtime's log
        for name in glob.glob("/run/containerd/**/%s/*log*.json" % started, recursive=True):
            with open(name) as log:
                print("exec said:", *(line.strip() for line in log if "ksm-hook" in line))
    row = row_of(started)
    print("names:", *(row.get(key, "-") for key in ("namespace", "pod", "container", "image")))
    if "group" in row:
        print("group:", row["group"])
    runtime.StopContainer(cri.StopContainerRequest(container_id=started, timeout=0), timeout=20)
finally:
    # with all that is in it
    runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox), timeout=30)
    runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox), timeout=30)
left = runtime.ListContainers(cri.ListContainersRequest(), timeout=10).containers
print("left:", len(left) + len(runtime.ListPodSandbox(cri.ListPodSandboxRequest(), timeout=10).items))
