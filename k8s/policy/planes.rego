# What a rendered plane keeps as a whole. Input: {"objects": [...]}, one plane.
package k8s.planes

deny contains sprintf("namespace %s does not enforce Pod Security restricted", [namespace.metadata.name]) if {
	some namespace in of_kind("Namespace")
	not namespace.metadata.labels["pod-security.kubernetes.io/enforce"] == "restricted"
}

deny contains "there is not exactly one namespace" if count(of_kind("Namespace")) != 1

deny contains sprintf("%s/%s is outside the plane's namespace", [manifest.kind, manifest.metadata.name]) if {
	some manifest in input.objects
	not manifest.kind in {"Namespace", "PriorityClass"}
	some namespace in of_kind("Namespace")
	not manifest.metadata.namespace == namespace.metadata.name
}

deny contains sprintf("Service/%s is reachable from outside by itself", [service.metadata.name]) if {
	some service in of_kind("Service")
	object.get(service.spec, "type", "ClusterIP") != "ClusterIP"
}

deny contains "a Secret is part of the manifests" if count(of_kind("Secret")) > 0

deny contains sprintf("%s: no PodDisruptionBudget", [workload]) if {
	some kind in ["Deployment", "StatefulSet"]
	some manifest in of_kind(kind)
	not manifest.metadata.labels["behavry.com/kind"] == "store"
	workload := manifest.metadata.name
	not workload in {budget.spec.selector.matchLabels["app.kubernetes.io/name"] |
		some budget in of_kind("PodDisruptionBudget")
	}
}

deny contains "there is no policy that denies by default" if {
	every policy in of_kind("NetworkPolicy") {
		not denies_all(policy.spec)
	}
}

# What speaks with the control plane goes through the gate; OPA above all, whose policies are the control plane's.
deny contains sprintf("NetworkPolicy/%s leads out of the plane past the gate", [policy.metadata.name]) if {
	some policy in of_kind("NetworkPolicy")
	some pod in {"identity-jwks", "license-service", "opa"}
	may_select(policy.spec.podSelector, pod)
	some rule in policy.spec.egress
	leads_out(rule)
}

deny contains sprintf("%s lets %s be anywhere: name hosts", [list, what]) if {
	some list, what in {"BEHAVRY_MCP_ALLOWED_HOSTS": "tools", "BEHAVRY_LLM_ALLOWED_HOSTS": "models"}
	some settings in of_kind("ConfigMap")
	allows_any_host(settings.data, list)
}

deny contains sprintf("%s: an autoscaler and a number of replicas", [target]) if {
	some autoscaler in of_kind("HorizontalPodAutoscaler")
	target := autoscaler.spec.scaleTargetRef.name
	some manifest in input.objects
	manifest.kind == autoscaler.spec.scaleTargetRef.kind
	manifest.metadata.name == target
	manifest.spec.replicas
}

# A chain of records has one writer, and the old one ends before the new one begins.
deny contains "audit-writer may run twice" if {
	some writer in input.objects
	writer.metadata.name == "audit-writer"
	writer.kind in {"Deployment", "StatefulSet"}
	not is_alone(writer)
}

deny contains "audit-writer is scaled" if {
	some autoscaler in of_kind("HorizontalPodAutoscaler")
	autoscaler.spec.scaleTargetRef.name == "audit-writer"
}

of_kind(kind) := [manifest | some manifest in input.objects; manifest.kind == kind]

denies_all(spec) if {
	spec.podSelector == {}
	{"Ingress", "Egress"} == {type | some type in spec.policyTypes}
	not spec.ingress
	not spec.egress
}

# Expressions may mean any pod; what names one pod means that one.
may_select(selector, pod) if object.get(selector, ["matchLabels", "app.kubernetes.io/name"], pod) == pod

leads_out(rule) if object.get(rule, "to", []) == []

leads_out(rule) if {
	some peer in rule.to
	peer.ipBlock
	not is_for_stores(rule)
}

is_for_stores(rule) if {
	count(rule.ports) > 0
	every port in rule.ports {
		port.port in {5432, 6379}
	}
}

allows_any_host(settings, list) if {
	some host in split(settings[list], ",")
	trim_space(host) == "public"
}

# Empty means public and loopback in this mode, and nothing on a data plane.
allows_any_host(settings, list) if {
	settings.BEHAVRY_DEPLOYMENT_MODE == "standalone"
	trim_space(object.get(settings, list, "")) == ""
}

is_alone(writer) if {
	writer.spec.replicas == 1
	writer.spec.strategy.type == "Recreate"
}
