# METADATA
# title: Scope of a delegation
# description: Under a delegation an agent does only what was handed over, and nothing once it has ended.
# custom:
#   when: [delegation]
#   truncated: true
package behavry.delegation.scope

policy := "behavry.delegation.scope"

# A member that is missing must not make a rule silent, so each has a value of its own.
scope := object.get(input.delegation, "scope", {})

tools := object.get(scope, "tools", [])

resources := object.get(scope, "resources", [])

deny contains {"policy": policy, "reason": "the tool is outside the delegation"} if {
	is_object(input.delegation)
	not is_any(tools, input.request.tool_name)
}

deny contains {"policy": policy, "reason": "the resource is outside the delegation"} if {
	is_object(input.delegation)
	input.request.resource != ""
	count(resources) > 0
	not is_any(resources, input.request.resource)
}

deny contains {"policy": policy, "reason": "the delegation has ended"} if {
	is_object(input.delegation)
	object.get(input.delegation, "active", false) != true
}

is_any(patterns, text) if {
	some pattern in patterns
	glob.match(pattern, ["/"], text)
}
