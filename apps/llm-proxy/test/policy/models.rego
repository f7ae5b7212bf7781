# What the agents of these tests may do with models.
package behavry.base.models

allow contains {"policy": "behavry.base.models", "reason": "developers may use models"} if {
	input.request.kind == "llm"
	input.request.tool_name == "chat.completions"
	input.request.model != "forbidden"
	input.request.model != "redacted"
	"dev" in input.agent.roles
}

restrict contains {
	"policy": "behavry.base.models", "reason": "findings are taken out",
	"obligations": [{"name": "redact_inbound"}, {"name": "redact_outbound"}],
} if {
	input.request.tool_name == "chat.completions"
	input.request.model == "redacted"
}

escalate contains {"policy": "behavry.base.models", "reason": "a person looks at this model first"} if {
	input.request.tool_name == "chat.completions"
	input.request.model == "precious"
}

allow contains {"policy": "behavry.base.models", "reason": "harmless tool"} if {
	input.request.tool_name in {"get_weather", "provider/web_search"}
}
