# METADATA
# title: Fold of all contributions
# description: >-
#   deny > escalate > restrict > allow, and deny when nobody says anything. Only policies named by the index
#   are looked at, and of these only the verdicts that they have rules for, so that the cost of a decision follows
#   the policies that concern the call and not the number of policies. Categories are named one by one: a
#   reference to all of data.behavry would make every customer policy part of this rule's own dependencies.
package behavry.fold

verdicts := ["deny", "escalate", "restrict", "allow"]

# Policies that concern the call, as rank of a verdict (0 is the strongest), category and name. Every group is found by
# a whole path, so that no more of the index is read than is asked for.
considered contains rule if some rule in data.behavry.index.always

considered contains rule if some rule in data.behavry.index.tools[input.request.tool_name]

considered contains rule if some rule in data.behavry.index.servers[input.request.mcp_server]

considered contains rule if some rule in data.behavry.index.actions[input.request.action]

considered contains rule if some rule in data.behavry.index.actions[input.request.action_class]

considered contains rule if {
	is_object(input.delegation)
	some rule in data.behavry.index.when.delegation
}

considered contains rule if {
	is_object(input.workflow_session)
	some rule in data.behavry.index.when.workflow
}

considered contains rule if {
	input.requester.id != ""
	some rule in data.behavry.index.when.requester
}

considered contains rule if {
	count(input.injection.findings) > 0
	some rule in data.behavry.index.when.injection
}

considered contains rule if {
	count(input.dlp.findings) > 0
	some rule in data.behavry.index.when.dlp
}

considered contains rule if {
	count(input.context) > 0
	some rule in data.behavry.index.when.context
}

# Those of them that say something.
contributions contains [rank, category, name] if {
	some [rank, category, name] in considered
	count(said(category, name, verdicts[rank])) > 0
}

said("base", name, verdict) := data.behavry.base[name][verdict]

said("inbound", name, verdict) := data.behavry.inbound[name][verdict]

said("requester", name, verdict) := data.behavry.requester[name][verdict]

said("delegation", name, verdict) := data.behavry.delegation[name][verdict]

said("workflows", name, verdict) := data.behavry.workflows[name][verdict]

said("discovery", name, verdict) := data.behavry.discovery[name][verdict]

said("generated", name, verdict) := data.behavry.generated[name][verdict]

said("simple", name, verdict) := data.behavry.simple[name][verdict]

default decision := {
	"result": "deny",
	"reason": "no policy allows this call",
	"is_reason_constant": true,
	"policy": "",
	"policy_id": "",
	"version": 0,
	"obligations": [],
	"contributions": [],
	"judges_truncated": false,
}

# Strongest verdict first, then OPA's own order of values, so that equal calls get equal answers. Who speaks is told
# by the table of the bundle and not by the entry: an author cannot speak in another's name.
decision := {
	"result": verdicts[rank],
	"reason": reason(min(said(category, name, verdicts[rank]))),
	"is_reason_constant": speaker.is_reason_constant,
	"policy": speaker.policy,
	"policy_id": speaker.policy_id,
	"version": speaker.version,
	"obligations": obligations(rank),
	"contributions": array.slice(speakers, 0, 32),
	"judges_truncated": judges_truncated(speaker),
} if {
	[rank, category, name] := min(contributions)
	speaker := data.behavry.policies[category][name]
}

# Whether the verdict holds for a call of which something was left out. One policy cannot vouch for another: what was
# left out may be what another would have held the call back for.
judges_truncated(speaker) if {
	count(input.request.truncated) > 0
	speaker.judges_truncated
	count(misled) == 0
} else := false

# Policies looked at that could say more than allow and do not declare that they can judge what is left.
misled contains [category, name] if {
	some [rank, category, name] in considered
	verdicts[rank] != "allow"
	not data.behavry.policies[category][name].judges_truncated
}

# A contribution of another shape still counts: a malformed denial must not turn into silence.
reason(entry) := text if {
	text := entry.reason
	is_string(text)
} else := "a policy decided so"

speakers := [who |
	some [rank, category, name] in contributions
	row := data.behavry.policies[category][name]
	who := {"policy": row.policy, "policy_id": row.policy_id, "version": row.version, "verdict": verdicts[rank]}
]

# The narrower modes go along with an escalation too: they hold for the call that a person lets through.
obligations(rank) := [obligation | some obligation in narrower] if {
	rank in {1, 2}
} else := []

narrower contains obligation if {
	some [2, category, name] in contributions
	some entry in said(category, name, "restrict")
	some obligation in entry.obligations
}

# True in an OPA that evaluates every rule. OPA 1.15 to 1.22.1 leaves out rules like this one.
evaluates_all if is_dangerous("wipe", "wipe")

is_dangerous(tool, named) if tool in {"rm", named}
