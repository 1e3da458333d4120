#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What kubelet does, step by step: pods of one container each.

kubelet.py SOCKET IMAGE start NAMESPACE NAME [ANNOTATION=VALUE...] [seccomp] [no-new-privs] [user] [dynamic] [equal] [crun]
                                        prints the container's id
kubelet.py SOCKET IMAGE manifest FILE CONFIG-DIRECTORY    the pod of the DaemonSet in FILE
kubelet.py SOCKET IMAGE ends FILE       the Pod in FILE: how it ends, and what it says
kubelet.py SOCKET IMAGE any NAME        ksm_merge_any of the container's process
kubelet.py SOCKET IMAGE stop NAME
kubelet.py SOCKET IMAGE exec NAME COMMAND...    what it prints
kubelet.py SOCKET IMAGE pid NAME        the container's process
kubelet.py SOCKET IMAGE sandbox NAME    the sandbox's process
"""
import json
import os
import sys
import time

import grpc
import yaml
import api_pb2 as cri
import api_pb2_grpc

socket, image, what = sys.argv[1:4]
runtime = api_pb2_grpc.RuntimeServiceStub(grpc.insecure_channel("unix://" + socket))


def sandbox_of(namespace, name, node, annotations=None):
    return cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(name=name, uid="ksm-hook-test-" + name, namespace=namespace),
        annotations=annotations or {},
        labels={"ksm-hook-test": name},
        log_directory="/tmp",
        linux=cri.LinuxPodSandboxConfig(
            cgroup_parent="/ksm-hook-test-nri",
            security_context=cri.LinuxSandboxSecurityContext(namespace_options=node),
        ),
    )


def start(namespace, name, *words):
    profile = cri.SecurityProfile.RuntimeDefault if "seccomp" in words else cri.SecurityProfile.Unconfined
    node = cri.NamespaceOption(network=cri.NODE)
    pod = sandbox_of(namespace, name, node, dict(pair.split("=", 1) for pair in words if "=" in pair))
    container = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="main"),
        image=cri.ImageSpec(image=image),
        command=["/bin/dynamic-sleep", "600"] if "dynamic" in words else
        ["/bin/equal", "3000"] if "equal" in words else [],
        labels={"ksm-hook-test": name},
        linux=cri.LinuxContainerConfig(
            security_context=cri.LinuxContainerSecurityContext(
                namespace_options=node,
                seccomp=cri.SecurityProfile(profile_type=profile),
                no_new_privs="no-new-privs" in words,
                run_as_user=cri.Int64Value(value=1000) if "user" in words else None,
            ),
        ),
    )
    print(run(pod, container, "crun" if "crun" in words else ""))


def run(pod, container, handler=""):
    sandbox = runtime.RunPodSandbox(
        cri.RunPodSandboxRequest(config=pod, runtime_handler=handler), timeout=30
    ).pod_sandbox_id
    made = runtime.CreateContainer(
        cri.CreateContainerRequest(pod_sandbox_id=sandbox, config=container, sandbox_config=pod),
        timeout=30,
    ).container_id
    runtime.StartContainer(cri.StartContainerRequest(container_id=made), timeout=30)
    return made


MASKED = ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
          "/sys/firmware", "/sys/devices/virtual/powercap"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def resource(path, kind):
    with open(path) as text:
        return [one for one in yaml.safe_load_all(text) if one and one["kind"] == kind][0]


def of_spec(spec, where, labels, log, config=""):
    """A pod's container as kubelet makes it, but for the network, of which there is none here."""
    own, whole = spec["containers"][0], spec["securityContext"]
    rights = dict(whole, **own["securityContext"])
    node = cri.NamespaceOption(
        network=cri.NODE, pid=cri.NODE if spec.get("hostPID") else cri.CONTAINER
    )
    profile = cri.SecurityProfile(profile_type={
        "Unconfined": cri.SecurityProfile.Unconfined,
        "RuntimeDefault": cri.SecurityProfile.RuntimeDefault,
    }[whole["seccompProfile"]["type"]])
    places = {}
    for volume in spec.get("volumes", []):
        places[volume["name"]] = volume["hostPath"]["path"] if "hostPath" in volume else config
        os.makedirs(places[volume["name"]], exist_ok=True)
    pod = sandbox_of(where["namespace"], where["name"], node, where.get("annotations"))
    container = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name=own["name"]),
        image=cri.ImageSpec(image=own["image"]),
        command=own.get("command", []),
        args=own["args"],
        labels=labels,
        log_path=log,
        mounts=[
            cri.Mount(
                container_path=mount["mountPath"],
                host_path=places[mount["name"]],
                readonly=mount.get("readOnly", False),
            )
            for mount in own.get("volumeMounts", [])
        ],
        linux=cri.LinuxContainerConfig(
            resources=cri.LinuxContainerResources(
                memory_limit_in_bytes=int(own["resources"]["limits"]["memory"].rstrip("Mi")) << 20
            ),
            security_context=cri.LinuxContainerSecurityContext(
                namespace_options=node,
                capabilities=cri.Capability(
                    add_capabilities=rights["capabilities"].get("add", []),
                    drop_capabilities=rights["capabilities"]["drop"],
                ),
                privileged=rights["privileged"],
                run_as_user=cri.Int64Value(value=rights["runAsUser"]),
                run_as_group=cri.Int64Value(value=rights["runAsGroup"]) if "runAsGroup" in rights else None,
                readonly_rootfs=rights["readOnlyRootFilesystem"],
                no_new_privs=not rights["allowPrivilegeEscalation"],
                seccomp=profile,
                masked_paths=MASKED,
                readonly_paths=READONLY,
            ),
        ),
    )
    return pod, container


def in_release(metadata):
    """Which namespace a release is in, helm's client says."""
    return dict({"namespace": "ksm-hook"}, **metadata)


def manifest(path, config):
    found = resource(path, "DaemonSet")
    where = in_release(found["metadata"])
    name = where["name"]
    print(run(*of_spec(found["spec"]["template"]["spec"], where,
                       {"ksm-hook-test": name}, "agent.log", config)))


def ends(path):
    found = resource(path, "Pod")
    where = in_release(found["metadata"])
    name, log = where["name"], "ends.log"
    run(*of_spec(found["spec"], where, {"ksm-hook-test": name}, log))
    until = time.monotonic() + 90
    while True:
        status = runtime.ContainerStatus(
            cri.ContainerStatusRequest(container_id=container_of(name)), timeout=10
        ).status
        if status.state == cri.CONTAINER_EXITED or time.monotonic() > until:
            break
        time.sleep(0.1)
    # each line of a log begins with a time, a stream and a flag
    with open("/tmp/" + log) as lines:
        said = [line.split(" ", 3)[3] for line in lines]
    print("ends", status.exit_code if status.state == cri.CONTAINER_EXITED else "never", *said)
    os.remove("/tmp/" + log)
    stop(name)


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


def execute(name, *command):
    said = runtime.ExecSync(cri.ExecSyncRequest(container_id=container_of(name), cmd=command, timeout=20), timeout=30)
    print(said.stdout.decode(), end="")


def process_of(name):
    print(pid_of(name))


def sandbox_process_of(name):
    status = runtime.PodSandboxStatus(
        cri.PodSandboxStatusRequest(pod_sandbox_id=sandboxes(name)[0].id, verbose=True), timeout=10
    )
    print(json.loads(status.info["info"])["pid"])


def stop(name):
    # in peace first: a sandbox's containers are killed
    runtime.StopContainer(cri.StopContainerRequest(container_id=container_of(name), timeout=10), timeout=30)
    for pod in sandboxes(name):
        runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=pod.id), timeout=30)
        runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=pod.id), timeout=30)


try:
    {"start": start, "manifest": manifest, "ends": ends, "any": any_of, "stop": stop, "pid": process_of, "sandbox": sandbox_process_of, "exec": execute}[what](*sys.argv[4:])
except grpc.RpcError as error:
    print("refused:", error.details())
    sys.exit(1)
