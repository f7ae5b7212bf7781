package k8s.planes_test

import data.k8s.planes

namespace := {
	"kind": "Namespace",
	"metadata": {"name": "n", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
}

deny_all := {
	"kind": "NetworkPolicy",
	"metadata": {"name": "default-deny", "namespace": "n"},
	"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}

writer := {
	"kind": "Deployment",
	"metadata": {"name": "audit-writer", "namespace": "n", "labels": {"behavry.com/kind": "app"}},
	"spec": {"replicas": 1, "strategy": {"type": "Recreate"}},
}

budget := {
	"kind": "PodDisruptionBudget",
	"metadata": {"name": "audit-writer", "namespace": "n"},
	"spec": {"selector": {"matchLabels": {"app.kubernetes.io/name": "audit-writer"}}},
}

good := [namespace, deny_all, writer, budget]

autoscaler(kind, target) := {
	"kind": "HorizontalPodAutoscaler",
	"metadata": {"name": target, "namespace": "n"},
	"spec": {"scaleTargetRef": {"kind": kind, "name": target}},
}

denied(objects) := messages if {
	messages := planes.deny with input as {"objects": objects}
}

test_a_good_plane_passes if denied(good) == set()

test_pod_security_is_enforced if {
	open := json.patch(namespace, [{"op": "remove", "path": "/metadata/labels"}])
	denied([open, deny_all, writer, budget]) == {"namespace n does not enforce Pod Security restricted"}
}

test_there_is_one_namespace if {
	denied([deny_all, writer, budget]) == {"there is not exactly one namespace"}
}

test_everything_is_in_it if {
	stray := {"kind": "ConfigMap", "metadata": {"name": "c"}}
	denied(array.concat(good, [stray])) == {"ConfigMap/c is outside the plane's namespace"}
}

test_services_stay_inside if {
	service := {"kind": "Service", "metadata": {"name": "s", "namespace": "n"}, "spec": {"type": "NodePort"}}
	denied(array.concat(good, [service])) == {"Service/s is reachable from outside by itself"}
}

test_secrets_are_not_shipped if {
	secret := {"kind": "Secret", "metadata": {"name": "s", "namespace": "n"}}
	denied(array.concat(good, [secret])) == {"a Secret is part of the manifests"}
}

test_each_app_has_a_budget if {
	denied([namespace, deny_all, writer]) == {"audit-writer: no PodDisruptionBudget"}
}

test_the_default_is_to_deny_both_ways if {
	half := json.patch(deny_all, [{"op": "replace", "path": "/spec/policyTypes", "value": ["Ingress"]}])
	open := json.patch(deny_all, [{"op": "add", "path": "/spec/egress", "value": [{}]}])
	denied([namespace, half, writer, budget]) == {"there is no policy that denies by default"}
	"there is no policy that denies by default" in denied([namespace, open, writer, budget])
}

# A policy that lets some pods out by one rule.
leading(selector, rule) := {
	"kind": "NetworkPolicy",
	"metadata": {"name": "way", "namespace": "n"},
	"spec": {"podSelector": selector, "policyTypes": ["Egress"], "egress": [rule]},
}

named(pod) := {"matchLabels": {"app.kubernetes.io/name": pod}}

to_world(port) := {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": port}]}

test_only_the_gate_leads_to_the_control_plane if {
	every way in [
		leading(named("opa"), to_world(443)),
		leading(named("license-service"), {"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}]}),
		leading(named("identity-jwks"), {"ports": [{"protocol": "TCP", "port": 80}]}),
		leading({}, to_world(443)),
		leading({"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}, to_world(443)),
	] {
		denied(array.concat(good, [way])) == {"NetworkPolicy/way leads out of the plane past the gate"}
	}
	every way in [
		leading(named("uplink-gate"), to_world(443)),
		leading(named("mcp-proxy"), to_world(443)),
		leading(named("license-service"), to_world(5432)),
		leading(named("opa"), {"to": [{"podSelector": named("uplink-gate")}], "ports": [{"port": 3128}]}),
	] {
		denied(array.concat(good, [way])) == set()
	}
}

settings(mode, list, hosts) := {
	"kind": "ConfigMap",
	"metadata": {"name": "plane", "namespace": "n"},
	"data": object.union(
		{
			"BEHAVRY_DEPLOYMENT_MODE": mode,
			"BEHAVRY_MCP_ALLOWED_HOSTS": "mcp.example.com",
			"BEHAVRY_LLM_ALLOWED_HOSTS": "models.example.com",
		},
		{list: hosts},
	),
}

test_places_of_tools_and_models_are_named if {
	every list, what in {"BEHAVRY_MCP_ALLOWED_HOSTS": "tools", "BEHAVRY_LLM_ALLOWED_HOSTS": "models"} {
		every pair in [["data-plane", "a.example.com, public"], ["standalone", "public"], ["standalone", ""]] {
			refused := denied(array.concat(good, [settings(pair[0], list, pair[1])]))
			refused == {sprintf("%s lets %s be anywhere: name hosts", [list, what])}
		}
		every pair in [["data-plane", ""], ["data-plane", "public.example.com"], ["standalone", "a.example.com"]] {
			denied(array.concat(good, [settings(pair[0], list, pair[1])])) == set()
		}
	}
}

test_the_writer_is_alone if {
	twice := json.patch(writer, [{"op": "replace", "path": "/spec/replicas", "value": 2}])
	rolling := json.patch(writer, [{"op": "remove", "path": "/spec/strategy"}])
	every each in [twice, rolling] {
		denied([namespace, deny_all, each, budget]) == {"audit-writer may run twice"}
	}
	"audit-writer is scaled" in denied(array.concat(good, [autoscaler("Deployment", "audit-writer")]))
}

test_an_autoscaler_alone_says_how_many if {
	"audit-writer: an autoscaler and a number of replicas" in denied(array.concat(
		good,
		[autoscaler("Deployment", "audit-writer")],
	))
}
