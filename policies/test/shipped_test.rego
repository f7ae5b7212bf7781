package behavry.shipped_test

delegation := {"active": true, "scope": {"tools": ["read_*"], "resources": ["/srv/**"]}}

test_delegated_tool_passes if {
	count(data.behavry.delegation.scope.deny) == 0 with input.delegation as delegation
		with input.request as {"tool_name": "read_file", "resource": ""}
}

test_tool_outside_the_delegation if {
	count(data.behavry.delegation.scope.deny) == 1 with input.delegation as delegation
		with input.request as {"tool_name": "delete_file", "resource": ""}
}

test_resource_outside_the_delegation if {
	count(data.behavry.delegation.scope.deny) == 1 with input.delegation as object.union(delegation, {"scope": {"resources": ["/srv/*"]}})
		with input.request as {"tool_name": "read_file", "resource": "/etc/passwd"}
}

test_delegation_without_scope_allows_nothing if {
	count(data.behavry.delegation.scope.deny) == 1 with input.delegation as {"active": true}
		with input.request as {"tool_name": "read_file", "resource": ""}
}

test_ended_delegation if {
	count(data.behavry.delegation.scope.deny) == 1 with input.delegation as object.union(delegation, {"active": false})
		with input.request as {"tool_name": "read_file", "resource": ""}
}

test_no_delegation_no_bounds if {
	count(data.behavry.delegation.scope.deny) == 0 with input.delegation as null
		with input.request as {"tool_name": "delete_file", "resource": ""}
}

workflow := {"participants": [{"agent_id": "a1", "role": "reader", "allowed_actions": ["read"]}]}

work(agent, action) := number if {
	number := count(data.behavry.workflows.participants.deny) with input.workflow_session as workflow
		with input.agent.id as agent
		with input.request as {"tool_name": "x", "action": action, "action_class": action}
}

test_participant_does_its_part if work("a1", "read") == 0

test_participant_does_no_more if work("a1", "delete") == 1

test_stranger_in_a_workflow if work("a2", "read") == 1

unverified(requester, action) := number if {
	number := count(data.behavry.requester.unverified.escalate) with input.requester as requester
		with input.request.action_class as action
}

test_unverified_requester_and_delete if unverified({"id": "u", "verified": false}, "delete") == 1

test_unverified_requester_and_read if unverified({"id": "u", "verified": false}, "read") == 0

test_verified_requester if unverified({"id": "u", "verified": true}, "delete") == 0

test_critical_injection_asks_a_person if {
	count(data.behavry.inbound.injection.escalate) == 1 with input.injection.findings as [{"pattern": "imperative_command", "severity": "critical"}]
	count(data.behavry.inbound.injection.escalate) == 0 with input.injection.findings as [{"pattern": "urgency", "severity": "medium"}]
}

test_blocked_asset if {
	count(data.behavry.discovery.blocked_assets.deny) == 1 with input.context as {"asset_status": "blocked"}
	count(data.behavry.discovery.blocked_assets.deny) == 0 with input.context as {}
}
