package behavry.fold_test

request := {"kind": "mcp", "tool_name": "read_file", "action": "read", "action_class": "read", "resource": "", "parameters": {}, "mcp_server": "files", "model": "", "resource_count": 1}

call := {
	"agent": {"id": "a1", "roles": [], "permissions": [], "risk_tier": "low", "risk_score": 0},
	"request": request,
	"session": {"id": "s1"},
	"requester": {"id": "", "channel": "", "verified": false},
	"workflow_session": null,
	"delegation": null,
	"dlp": {"findings": []},
	"injection": {"findings": []},
	"context": {},
}

decide(index, base) := decision if {
	decision := data.behavry.authz.decision with input as call
		with data.behavry.index as index
		with data.behavry.base as base
}

said(text) := {{"policy": text, "reason": text}}

test_nothing_said_is_denied if {
	decision := decide({}, {})
	decision.result == "deny"
	decision.policy == ""
	decision.reason == "no policy allows this call"
	decision.obligations == []
}

test_no_index_at_all_is_denied if {
	decision := data.behavry.authz.decision with input as call
	decision.result == "deny"
}

test_no_input_at_all_is_denied if {
	data.behavry.authz.decision.result == "deny"
}

test_allow_by_tool if {
	decide({"tools": {"read_file": {"base": ["p"]}}}, {"p": {"allow": said("p")}}).result == "allow"
}

test_policy_outside_the_index_says_nothing if {
	decide({"tools": {"other": {"base": ["p"]}}}, {"p": {"allow": said("p")}}).result == "deny"
}

test_allow_by_server if {
	decide({"servers": {"files": {"base": ["p"]}}}, {"p": {"allow": said("p")}}).result == "allow"
}

test_allow_by_action if {
	decide({"actions": {"read": {"base": ["p"]}}}, {"p": {"allow": said("p")}}).result == "allow"
}

test_allow_by_always if {
	decide({"always": {"base": ["p"]}}, {"p": {"allow": said("p")}}).result == "allow"
}

strong := {
	"a": {"allow": said("a")},
	"r": {"restrict": {{"policy": "r", "reason": "r", "obligations": [{"name": "read_only"}]}}},
	"e": {"escalate": said("e")},
	"d": {"deny": said("d")},
}

test_restrict_over_allow if {
	decision := decide({"always": {"base": ["a", "r"]}}, strong)
	decision.result == "restrict"
	decision.obligations == [{"name": "read_only"}]
}

test_escalate_over_restrict_keeps_its_obligations if {
	decision := decide({"always": {"base": ["a", "r", "e"]}}, strong)
	decision.result == "escalate"
	decision.policy == "e"
	decision.obligations == [{"name": "read_only"}]
}

test_deny_over_all if {
	decision := decide({"always": {"base": ["a", "r", "e", "d"]}}, strong)
	decision.result == "deny"
	decision.policy == "d"
	decision.obligations == []
}

test_deny_wins_from_another_group if {
	index := {"tools": {"read_file": {"base": ["a"]}}, "servers": {"files": {"base": ["d"]}}}
	decide(index, strong).result == "deny"
}

test_same_answer_for_equal_calls if {
	decision := decide({"always": {"base": ["y", "x"]}}, {"x": {"deny": said("x")}, "y": {"deny": said("y")}})
	decision.policy == "x"
}

test_malformed_denial_still_denies if {
	decision := decide({"always": {"base": ["a", "m"]}}, {"a": {"allow": said("a")}, "m": {"deny": {"no"}}})
	decision.result == "deny"
	decision.policy == "unnamed"
}

test_denial_without_words_still_denies if {
	decision := decide({"always": {"base": ["a", "m"]}}, {"a": {"allow": said("a")}, "m": {"deny": {{"x": 1}}}})
	decision.result == "deny"
	decision.policy == "unnamed"
	decision.reason == "a policy decided so"
}

test_every_category_is_heard if {
	index := {"always": {category: ["p"] | some category in {"inbound", "requester", "delegation", "workflows", "discovery", "generated", "simple"}}}
	one := {"p": {"allow": said("p")}}
	every category in object.keys(index.always) {
		decision := data.behavry.authz.decision with input as call
			with data.behavry.index as index
			with data.behavry.inbound as {name: module | category == "inbound"; some name, module in one}
			with data.behavry.requester as {name: module | category == "requester"; some name, module in one}
			with data.behavry.delegation as {name: module | category == "delegation"; some name, module in one}
			with data.behavry.workflows as {name: module | category == "workflows"; some name, module in one}
			with data.behavry.discovery as {name: module | category == "discovery"; some name, module in one}
			with data.behavry.generated as {name: module | category == "generated"; some name, module in one}
			with data.behavry.simple as {name: module | category == "simple"; some name, module in one}
		decision.result == "allow"
	}
}

test_revision_comes_from_the_loaded_bundle if {
	decision := data.behavry.authz.decision with input as call
		with data.system.bundles.behavry.manifest.revision as "20260101T000000Z"
	decision.revision == "20260101T000000Z"
}
