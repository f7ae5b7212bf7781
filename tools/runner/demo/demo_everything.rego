# METADATA
# title: Demo - everything
# description: >-
#   What an agent may use of the demo's server that has one of everything. Its tool that prints the environment
#   is not among it.
package behavry.base.demo_everything

policy := "behavry.base.demo_everything"

tools := {
	"echo",
	"get-annotated-message",
	"get-resource-links",
	"get-resource-reference",
	"get-roots-list",
	"get-structured-content",
	"get-sum",
	"get-tiny-image",
	"simulate-research-query",
	"toggle-simulated-logging",
	"toggle-subscriber-updates",
	"trigger-elicitation-request",
	"trigger-long-running-operation",
	"trigger-sampling-request",
}

# Methods that are judged and are no tools.
methods := {"resources/read", "prompts/get", "completion/complete", "sampling/createMessage", "elicitation/create"}

concerned if {
	input.request.kind == "mcp"
	input.request.mcp_server == "everything"
}

allow contains {"policy": policy, "reason": "a harmless tool of the demo"} if {
	concerned
	input.request.tool_name in tools
}

allow contains {"policy": policy, "reason": "resources and prompts of the demo"} if {
	concerned
	input.request.tool_name in methods
}

deny contains {"policy": policy, "reason": "the environment of a server is nobody's business"} if {
	concerned
	input.request.tool_name == "get-env"
}
