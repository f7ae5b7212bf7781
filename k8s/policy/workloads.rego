# What every pod of ours keeps, checked on the rendered overlays. Input: {"objects": [...]}, one plane.
package k8s.workloads

deny contains sprintf("%s: kind %s is not one of ours", [name(manifest), manifest.kind]) if {
	some manifest in input.objects
	manifest.kind in {"Pod", "DaemonSet", "ReplicaSet", "CronJob"}
}

deny contains sprintf("%s: may run as root", [name(workload)]) if {
	some workload in workloads
	not runs_as_user(workload)
}

deny contains sprintf("%s: seccomp profile is not RuntimeDefault", [name(workload)]) if {
	some workload in workloads
	not workload.spec.template.spec.securityContext.seccompProfile.type == "RuntimeDefault"
}

deny contains sprintf("%s: %s is not set to false", [name(workload), field]) if {
	some workload in workloads
	some field in ["automountServiceAccountToken", "enableServiceLinks"]
	not is_false(workload.spec.template.spec, [field])
}

deny contains sprintf("%s: shares the node's %s", [name(workload), field]) if {
	some workload in workloads
	some field in ["hostNetwork", "hostPID", "hostIPC"]
	workload.spec.template.spec[field]
}

deny contains sprintf("%s: volume %s is of a kind that is not ours", [name(workload), volume.name]) if {
	some workload in workloads
	some volume in workload.spec.template.spec.volumes
	count({kind | some kind in ["secret", "configMap", "emptyDir", "projected"]; volume[kind]}) == 0
}

deny contains sprintf("%s: no priority class", [name(workload)]) if {
	some workload in workloads
	not workload.spec.template.spec.priorityClassName
}

deny contains sprintf("%s/%s: root file system is not read-only", [name(workload), container.name]) if {
	some workload in workloads
	some container in containers(workload)
	not container.securityContext.readOnlyRootFilesystem
}

deny contains sprintf("%s/%s: may gain privileges", [name(workload), container.name]) if {
	some workload in workloads
	some container in containers(workload)
	not is_false(container, ["securityContext", "allowPrivilegeEscalation"])
}

deny contains sprintf("%s/%s: keeps capabilities", [name(workload), container.name]) if {
	some workload in workloads
	some container in containers(workload)
	not container.securityContext.capabilities == {"drop": ["ALL"]}
}

deny contains sprintf("%s/%s: undoes what its pod says", [name(workload), container.name]) if {
	some workload in workloads
	some container in containers(workload)
	some field in ["runAsUser", "runAsNonRoot", "privileged", "seccompProfile", "procMount"]
	field in object.keys(container.securityContext)
}

deny contains sprintf("%s/%s: image %s has no fixed tag", [name(workload), container.name, container.image]) if {
	some workload in workloads
	some container in containers(workload)
	not has_fixed_tag(container)
}

deny contains sprintf("%s/%s: no %s", [name(workload), container.name, what]) if {
	some workload in workloads
	some container in containers(workload)
	some what in ["limits.memory", "requests.memory", "requests.cpu"]
	object.get(container, array.concat(["resources"], split(what, ".")), null) == null
}

# A CPU limit makes an app wait although the node is idle.
deny contains sprintf("%s/%s: has a CPU limit", [name(workload), container.name]) if {
	some workload in workloads
	some container in containers(workload)
	container.resources.limits.cpu
}

deny contains sprintf("%s/%s: no %s", [name(workload), container.name, probe]) if {
	some workload in workloads
	workload.kind != "Job"
	some container in workload.spec.template.spec.containers
	some probe in ["startupProbe", "livenessProbe", "readinessProbe"]
	not container[probe]
}

deny contains sprintf("%s/%s: port %d is bound on the node", [name(workload), container.name, port.hostPort]) if {
	some workload in workloads
	some container in containers(workload)
	some port in container.ports
	port.hostPort
}

workloads contains manifest if {
	some manifest in input.objects
	manifest.kind in {"Deployment", "StatefulSet", "Job"}
}

containers(workload) := array.concat(
	object.get(workload.spec.template.spec, "containers", []),
	object.get(workload.spec.template.spec, "initContainers", []),
)

runs_as_user(workload) if {
	context := workload.spec.template.spec.securityContext
	context.runAsNonRoot
	context.runAsUser > 0
	context.runAsGroup > 0
}

# Whole objects are handed to functions: a call with what is undefined is itself undefined, and `not` then says nothing.
is_false(parent, path) if object.get(parent, path, null) == false

has_fixed_tag(container) if {
	contains(container.image, "@sha256:")
}

has_fixed_tag(container) if {
	parts := split(container.image, "/")
	last := parts[count(parts) - 1]
	[_, tag] := split(last, ":")
	regex.match(`^v?\d+\.\d+`, tag)
}

name(manifest) := sprintf("%s/%s", [manifest.kind, manifest.metadata.name])
