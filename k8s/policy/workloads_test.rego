package k8s.workloads_test

import data.k8s.workloads

container := {
	"name": "app",
	"image": "behavry/mcp-proxy:1.2.3",
	"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
	"startupProbe": {"exec": {}},
	"livenessProbe": {"exec": {}},
	"readinessProbe": {"exec": {}},
	"securityContext": {
		"allowPrivilegeEscalation": false,
		"readOnlyRootFilesystem": true,
		"capabilities": {"drop": ["ALL"]},
	},
}

pod := {
	"automountServiceAccountToken": false,
	"enableServiceLinks": false,
	"priorityClassName": "some",
	"securityContext": {
		"runAsNonRoot": true,
		"runAsUser": 1000,
		"runAsGroup": 1000,
		"seccompProfile": {"type": "RuntimeDefault"},
	},
	"containers": [container],
	"volumes": [{"name": "tmp", "emptyDir": {}}],
}

good := {"kind": "Deployment", "metadata": {"name": "x"}, "spec": {"template": {"spec": pod}}}

# What is denied when a part of a good workload is changed; each path begins in the pod.
denied(patches) := messages if {
	workload := json.patch(good, [object.union(patch, {"path": concat("", ["/spec/template/spec", patch.path])}) |
		some patch in patches
	])
	messages := workloads.deny with input as {"objects": [workload]}
}

cases := {
	"Deployment/x: may run as root": [{"op": "remove", "path": "/securityContext/runAsNonRoot"}],
	"Deployment/x: seccomp profile is not RuntimeDefault": [{"op": "remove", "path": "/securityContext/seccompProfile"}],
	"Deployment/x: automountServiceAccountToken is not set to false": [{"op": "remove", "path": "/automountServiceAccountToken"}],
	"Deployment/x: enableServiceLinks is not set to false": [{"op": "replace", "path": "/enableServiceLinks", "value": true}],
	"Deployment/x: shares the node's hostNetwork": [{"op": "add", "path": "/hostNetwork", "value": true}],
	"Deployment/x: volume tmp is of a kind that is not ours": [{"op": "replace", "path": "/volumes/0", "value": {"name": "tmp", "hostPath": {}}}],
	"Deployment/x: no priority class": [{"op": "remove", "path": "/priorityClassName"}],
	"Deployment/x/app: root file system is not read-only": [{"op": "replace", "path": "/containers/0/securityContext/readOnlyRootFilesystem", "value": false}],
	"Deployment/x/app: may gain privileges": [{"op": "remove", "path": "/containers/0/securityContext/allowPrivilegeEscalation"}],
	"Deployment/x/app: keeps capabilities": [{"op": "replace", "path": "/containers/0/securityContext/capabilities", "value": {"drop": ["ALL"], "add": ["NET_RAW"]}}],
	"Deployment/x/app: undoes what its pod says": [{"op": "add", "path": "/containers/0/securityContext/runAsUser", "value": 0}],
	"Deployment/x/app: image behavry/mcp-proxy:latest has no fixed tag": [{"op": "replace", "path": "/containers/0/image", "value": "behavry/mcp-proxy:latest"}],
	"Deployment/x/app: image host:5000/mcp-proxy has no fixed tag": [{"op": "replace", "path": "/containers/0/image", "value": "host:5000/mcp-proxy"}],
	"Deployment/x/app: no limits.memory": [{"op": "remove", "path": "/containers/0/resources/limits/memory"}],
	"Deployment/x/app: no requests.cpu": [{"op": "remove", "path": "/containers/0/resources/requests/cpu"}],
	"Deployment/x/app: no requests.memory": [{"op": "remove", "path": "/containers/0/resources/requests/memory"}],
	"Deployment/x/app: has a CPU limit": [{"op": "add", "path": "/containers/0/resources/limits/cpu", "value": "1"}],
	"Deployment/x/app: no readinessProbe": [{"op": "remove", "path": "/containers/0/readinessProbe"}],
	"Deployment/x/app: port 80 is bound on the node": [{"op": "add", "path": "/containers/0/ports", "value": [{"hostPort": 80}]}],
}

test_each_fault_is_named_and_nothing_else if {
	every message, patches in cases {
		denied(patches) == {message}
	}
}

test_a_good_workload_passes if {
	denied([]) == set()
}

test_a_pod_that_says_nothing_may_run_as_root if {
	denied([{"op": "remove", "path": "/securityContext"}]) == {
		"Deployment/x: may run as root",
		"Deployment/x: seccomp profile is not RuntimeDefault",
	}
}

test_init_containers_are_looked_at if {
	denied([{"op": "add", "path": "/initContainers", "value": [{"name": "init", "image": "x:1.0"}]}]) == {
		"Deployment/x/init: root file system is not read-only",
		"Deployment/x/init: may gain privileges",
		"Deployment/x/init: keeps capabilities",
		"Deployment/x/init: no limits.memory",
		"Deployment/x/init: no requests.memory",
		"Deployment/x/init: no requests.cpu",
	}
}

test_a_job_needs_no_probes if {
	job := json.patch(good, [
		{"op": "replace", "path": "/kind", "value": "Job"},
		{"op": "remove", "path": "/spec/template/spec/containers/0/livenessProbe"},
	])
	workloads.deny == set() with input as {"objects": [job]}
}

test_other_kinds_of_pods_are_refused if {
	workloads.deny == {"DaemonSet/x: kind DaemonSet is not one of ours"} with input as {"objects": [json.patch(
		good,
		[{"op": "replace", "path": "/kind", "value": "DaemonSet"}],
	)]}
}

test_an_image_may_be_named_by_its_digest if {
	denied([{"op": "replace", "path": "/containers/0/image", "value": "x@sha256:00"}]) == set()
}
