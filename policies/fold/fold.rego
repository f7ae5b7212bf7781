# METADATA
# title: Fold of all contributions
# description: >-
#   deny > escalate > restrict > allow, and deny when nobody says anything. Only policies named by the index
#   are looked at, so that the cost of a decision follows the policies that concern the call and not the
#   number of policies. Categories are named one by one: a reference to all of data.behavry would make every
#   customer policy part of this rule's own dependencies.
package behavry.fold

kinds := ["deny", "escalate", "restrict", "allow"]

# Every list is found by a whole path, so that no more of the index is read than is asked for.
groups contains data.behavry.index.always

groups contains data.behavry.index.tools[input.request.tool_name]

groups contains data.behavry.index.servers[input.request.mcp_server]

groups contains data.behavry.index.actions[input.request.action]

groups contains data.behavry.index.actions[input.request.action_class]

groups contains data.behavry.index.when.delegation if is_object(input.delegation)

groups contains data.behavry.index.when.workflow if is_object(input.workflow_session)

groups contains data.behavry.index.when.requester if input.requester.id != ""

groups contains data.behavry.index.when.injection if count(input.injection.findings) > 0

groups contains data.behavry.index.when.dlp if count(input.dlp.findings) > 0

groups contains data.behavry.index.when.context if count(input.context) > 0

# What the named policies say: the rank of the kind (0 is the strongest), then their own words.
contributions contains [rank, entry] if {
	some group in groups
	some name in group.base
	some rank, kind in kinds
	some entry in data.behavry.base[name][kind]
}

contributions contains [rank, entry] if {
	some group in groups
	some name in group.inbound
	some rank, kind in kinds
	some entry in data.behavry.inbound[name][kind]
}

contributions contains [rank, entry] if {
	some group in groups
	some name in group.requester
	some rank, kind in kinds
	some entry in data.behavry.requester[name][kind]
}

contributions contains [rank, entry] if {
	some group in groups
	some name in group.delegation
	some rank, kind in kinds
	some entry in data.behavry.delegation[name][kind]
}

contributions contains [rank, entry] if {
	some group in groups
	some name in group.workflows
	some rank, kind in kinds
	some entry in data.behavry.workflows[name][kind]
}

contributions contains [rank, entry] if {
	some group in groups
	some name in group.discovery
	some rank, kind in kinds
	some entry in data.behavry.discovery[name][kind]
}

contributions contains [rank, entry] if {
	some group in groups
	some name in group.generated
	some rank, kind in kinds
	some entry in data.behavry.generated[name][kind]
}

contributions contains [rank, entry] if {
	some group in groups
	some name in group.simple
	some rank, kind in kinds
	some entry in data.behavry.simple[name][kind]
}

default first := [0, {"policy": "", "reason": "no policy allows this call"}]

# Strongest kind first, then OPA's own order of values, so that equal calls get equal answers.
first := min(contributions) if count(contributions) > 0

result := kinds[first[0]]

chosen := {
	"policy": object.get(first[1], "policy", "unnamed"),
	"reason": object.get(first[1], "reason", "a policy decided so"),
} if {
	is_object(first[1])
}

# A contribution of another shape still counts: a malformed denial must not turn into silence.
chosen := {"policy": "unnamed", "reason": "a policy decided so"} if not is_object(first[1])

# The narrower modes go along with an escalation too: they hold for the call that a person lets through.
obligations := [obligation | some obligation in narrower]

narrower contains obligation if {
	first[0] in {1, 2}
	some [2, entry] in contributions
	some obligation in entry.obligations
}
