#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What kubelet does, step by step: pods of one container each.

kubelet.py SOCKET IMAGE start NAMESPACE NAME [ANNOTATION=VALUE...]    prints the container's id
kubelet.py SOCKET IMAGE any NAME        ksm_merge_any of the container's process
kubelet.py SOCKET IMAGE stop NAME
kubelet.py SOCKET IMAGE sandbox NAME    the sandbox's process
"""
import json
import sys

import grpc
import api_pb2 as cri
import api_pb2_grpc

socket, image, what = sys.argv[1:4]
runtime = api_pb2_grpc.RuntimeServiceStub(grpc.insecure_channel("unix://" + socket))


def start(namespace, name, *annotations):
    node = cri.NamespaceOption(network=cri.NODE)
    pod = cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(name=name, uid="ksm-hook-test-" + name, namespace=namespace),
        annotations=dict(pair.split("=", 1) for pair in annotations),
        labels={"ksm-hook-test": name},
        log_directory="/tmp",
        linux=cri.LinuxPodSandboxConfig(
            cgroup_parent="/ksm-hook-test-nri",
            security_context=cri.LinuxSandboxSecurityContext(namespace_options=node),
        ),
    )
    container = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="main"),
        image=cri.ImageSpec(image=image),
        labels={"ksm-hook-test": name},
        linux=cri.LinuxContainerConfig(
            security_context=cri.LinuxContainerSecurityContext(namespace_options=node),
        ),
    )
    sandbox = runtime.RunPodSandbox(
        cri.RunPodSandboxRequest(config=pod), timeout=30
    ).pod_sandbox_id
    made = runtime.CreateContainer(
        cri.CreateContainerRequest(pod_sandbox_id=sandbox, config=container, sandbox_config=pod),
        timeout=30,
    ).container_id
    runtime.StartContainer(cri.StartContainerRequest(container_id=made), timeout=30)
    print(made)


def named(items, name):
    return [item for item in items if item.labels.get("ksm-hook-test") == name]


def sandboxes(name):
    return named(runtime.ListPodSandbox(cri.ListPodSandboxRequest(), timeout=10).items, name)


def container_of(name):
    found = runtime.ListContainers(cri.ListContainersRequest(), timeout=10).containers
    return named(found, name)[0].id


def pid_of(name):
    status = runtime.ContainerStatus(
        cri.ContainerStatusRequest(container_id=container_of(name), verbose=True), timeout=10
    )
    return json.loads(status.info["info"])["pid"]


def any_of(name):
    with open("/proc/%d/ksm_stat" % pid_of(name)) as stat:
        print([line.split()[1] for line in stat if line.startswith("ksm_merge_any:")][0])


def sandbox_of(name):
    status = runtime.PodSandboxStatus(
        cri.PodSandboxStatusRequest(pod_sandbox_id=sandboxes(name)[0].id, verbose=True), timeout=10
    )
    print(json.loads(status.info["info"])["pid"])


def stop(name):
    for pod in sandboxes(name):
        runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=pod.id), timeout=30)
        runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=pod.id), timeout=30)


try:
    {"start": start, "any": any_of, "stop": stop, "sandbox": sandbox_of}[what](*sys.argv[4:])
except grpc.RpcError as error:
    print("refused:", error.details())
    sys.exit(1)
