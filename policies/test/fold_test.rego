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

any_kind := ["deny", "escalate", "restrict", "allow"]

row(name) := {
	"policy": concat(".", ["behavry.base", name]), "policy_id": concat("-", ["id", name]), "version": 3,
	"is_reason_constant": true, "judges_truncated": false,
}

rows(base) := {name: row(name) | some name, _ in base}

# An index as the bundle has it, from one that is easier to read: verdicts by category and name.
flat(index) := {list: ruled(list, content) | some list, content in index}

ruled(list, content) := rules(content) if {
	list == "always"
} else := {key: rules(group) | some key, group in content}

rules(group) := [[rank, category, name] |
	some category, modules in group
	some name, kinds in modules
	some rank, kind in ["deny", "escalate", "restrict", "allow"]
	kind in kinds
]

decide(index, base) := decision if {
	decision := data.behavry.authz.decision with input as call
		with data.behavry.index as flat(index)
		with data.behavry.policies as {"base": rows(base)}
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
	decide({"tools": {"read_file": {"base": {"p": any_kind}}}}, {"p": {"allow": said("p")}}).result == "allow"
}

test_policy_outside_the_index_says_nothing if {
	decide({"tools": {"other": {"base": {"p": any_kind}}}}, {"p": {"allow": said("p")}}).result == "deny"
}

test_allow_by_server if {
	decide({"servers": {"files": {"base": {"p": any_kind}}}}, {"p": {"allow": said("p")}}).result == "allow"
}

test_allow_by_action if {
	decide({"actions": {"read": {"base": {"p": any_kind}}}}, {"p": {"allow": said("p")}}).result == "allow"
}

test_allow_by_always if {
	decide({"always": {"base": {"p": any_kind}}}, {"p": {"allow": said("p")}}).result == "allow"
}

strong := {
	"a": {"allow": said("a")},
	"r": {"restrict": {{"policy": "r", "reason": "r", "obligations": [{"name": "read_only"}]}}},
	"e": {"escalate": said("e")},
	"d": {"deny": said("d")},
}

test_restrict_over_allow if {
	decision := decide({"always": {"base": {"a": any_kind, "r": any_kind}}}, strong)
	decision.result == "restrict"
	decision.obligations == [{"name": "read_only"}]
}

test_escalate_over_restrict_keeps_its_obligations if {
	decision := decide({"always": {"base": {"a": any_kind, "r": any_kind, "e": any_kind}}}, strong)
	decision.result == "escalate"
	decision.policy == "behavry.base.e"
	decision.obligations == [{"name": "read_only"}]
}

test_deny_over_all if {
	decision := decide({"always": {"base": {"a": any_kind, "r": any_kind, "e": any_kind, "d": any_kind}}}, strong)
	decision.result == "deny"
	decision.policy == "behavry.base.d"
	decision.obligations == []
}

test_deny_wins_from_another_group if {
	index := {"tools": {"read_file": {"base": {"a": any_kind}}}, "servers": {"files": {"base": {"d": any_kind}}}}
	decide(index, strong).result == "deny"
}

test_same_answer_for_equal_calls if {
	decision := decide({"always": {"base": {"y": any_kind, "x": any_kind}}}, {"x": {"deny": said("x")}, "y": {"deny": said("y")}})
	decision.policy == "behavry.base.x"
}

test_malformed_denial_still_denies if {
	decision := decide({"always": {"base": {"a": any_kind, "m": any_kind}}}, {"a": {"allow": said("a")}, "m": {"deny": {"no"}}})
	decision.result == "deny"
	decision.policy == "behavry.base.m"
	decision.reason == "a policy decided so"
}

test_denial_of_another_shape_still_denies if {
	every shape in [{"x": 1}, ["x"], "x"] {
		decision := decide({"always": {"base": {"a": any_kind, "m": any_kind}}}, {"a": {"allow": said("a")}, "m": {"deny": shape}})
		decision.result == "deny"
	}
}

test_denial_without_words_still_denies if {
	decision := decide({"always": {"base": {"a": any_kind, "m": any_kind}}}, {"a": {"allow": said("a")}, "m": {"deny": {{"x": 1}}}})
	decision.result == "deny"
	decision.policy == "behavry.base.m"
	decision.reason == "a policy decided so"
}

test_every_category_is_heard if {
	index := {"always": {category: {"p": ["allow"]} | some category in {"inbound", "requester", "delegation", "workflows", "discovery", "generated", "simple"}}}
	one := {"p": {"allow": said("p")}}
	every category in object.keys(index.always) {
		decision := data.behavry.authz.decision with input as call
			with data.behavry.index as flat(index)
			with data.behavry.policies as {category: rows(one)}
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

test_no_revision_without_a_bundle if {
	decision := decide({}, {})
	decision.revision == ""
	decision.generation == 0
}

test_generation_comes_from_the_loaded_bundle if {
	decision := data.behavry.authz.decision with input as call
		with data.system.bundles.behavry.manifest.metadata.generation as 7
	decision.generation == 7
}

test_no_revision_where_rules_are_left_out if {
	data.behavry.authz.revision == "" with data.behavry.fold.evaluates_all as false
		with data.system.bundles.behavry.manifest.revision as "20260101T000000Z"
}

test_author_cannot_speak_in_anothers_name if {
	base := {"p": {"allow": {{"policy": "behavry.base.other", "policy_id": "forged", "version": 9, "reason": "r"}}}}
	decision := decide({"always": {"base": {"p": ["allow"]}}}, base)
	decision.policy == "behavry.base.p"
	decision.policy_id == "id-p"
	decision.version == 3
	decision.reason == "r"
}

test_every_policy_that_spoke_is_told_strongest_first if {
	decision := decide({"always": {"base": {"a": any_kind, "d": any_kind, "e": any_kind, "r": any_kind}}}, strong)
	[entry.verdict | some entry in decision.contributions] == ["deny", "escalate", "restrict", "allow"]
	decision.contributions[0] == {"policy": "behavry.base.d", "policy_id": "id-d", "version": 3, "verdict": "deny"}
}

test_a_policy_that_says_much_is_told_once_a_verdict if {
	base := {"p": {"deny": {{"reason": text} | some text in ["a", "b"]}}}
	count(decide({"always": {"base": {"p": ["deny"]}}}, base).contributions) == 1
}

test_at_most_32_are_told if {
	base := {sprintf("p%d", [i]): {"allow": said("p")} | some i in numbers.range(1, 40)}
	decision := decide({"always": {"base": {name: ["allow"] | some name, _ in base}}}, base)
	decision.result == "allow"
	count(decision.contributions) == 32
}

test_constant_reason_of_the_deciding_policy_is_told if {
	table := {"base": {"a": object.union(row("a"), {"is_reason_constant": false}), "d": row("d")}}
	some_allow := data.behavry.authz.decision with input as call
		with data.behavry.index as flat({"always": {"base": {"a": ["allow"]}}})
		with data.behavry.policies as table
		with data.behavry.base as strong
	some_allow.is_reason_constant == false
	denied := data.behavry.authz.decision with input as call
		with data.behavry.index as flat({"always": {"base": {"a": ["allow"], "d": ["deny"]}}})
		with data.behavry.policies as table
		with data.behavry.base as strong
	denied.is_reason_constant == true
}

# Whether the allowance of `a` holds for a call of which `left_out` was left out.
judges(left_out, index, able) := decision.judges_truncated if {
	table := {"base": {name: object.union(row(name), {"judges_truncated": name in able}) | some name in ["a", "b", "d"]}}
	decision := data.behavry.authz.decision with input as object.union(call, {"request": {"truncated": left_out}})
		with data.behavry.index as flat(index)
		with data.behavry.policies as table
		with data.behavry.base as {"a": {"allow": said("a")}, "b": {"allow": set()}, "d": {"deny": set()}}
	decision.result == "allow"
}

test_truncated_input_is_judged_by_a_policy_that_can if {
	judges(["/body"], {"always": {"base": {"a": ["allow"]}}}, {"a"})
}

test_truncated_input_needs_the_deciding_policy_to_judge_it if {
	not judges(["/body"], {"always": {"base": {"a": ["allow"]}}}, set())
}

test_truncated_input_needs_every_policy_that_could_deny_to_judge_it if {
	index := {"tools": {"read_file": {"base": {"a": ["allow"]}}}, "servers": {"files": {"base": {"d": ["deny"]}}}}
	not judges(["/body"], index, {"a"})
	judges(["/body"], index, {"a", "d"})
}

test_truncated_input_is_not_judged_by_a_policy_missing_from_the_table if {
	not judges(["/body"], {"always": {"base": {"a": ["allow"], "unknown": ["deny"]}}}, {"a"})
}

test_truncated_input_leaves_out_who_can_only_allow_or_is_not_asked if {
	index := {"always": {"base": {"a": ["allow"], "b": ["allow"]}}, "tools": {"other": {"base": {"d": ["deny"]}}}}
	judges(["/body"], index, {"a"})
}

test_policy_missing_from_the_table_is_no_allowance if {
	decision := data.behavry.authz.decision with input as call
		with data.behavry.index as flat({"always": {"base": {"a": ["allow"]}}})
		with data.behavry.policies as {}
		with data.behavry.base as strong
	decision.result == "deny"
}
