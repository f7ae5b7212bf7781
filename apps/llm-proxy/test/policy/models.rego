# What the agents of these tests may do with models.
package behavry.base.models

is_chat if {
	input.request.kind == "llm"
	input.request.tool_name in {"chat", "complete", "embed", "list"}

	# A tool of an agent's own may be called the same; only a use of a model has a provider.
	input.request.provider != ""
}

allow contains {"policy": "behavry.base.models", "reason": "developers may use models"} if {
	is_chat
	not input.request.model in {"forbidden", "redacted", "redacted-call"}
	"dev" in input.agent.roles
}

restrict contains {
	"policy": "behavry.base.models", "reason": "findings are taken out",
	"obligations": [{"name": "redact_inbound"}, {"name": "redact_outbound"}],
} if {
	is_chat
	input.request.model in {"redacted", "redacted-call"}
}

escalate contains {"policy": "behavry.base.models", "reason": "a person looks at this model first"} if {
	is_chat
	input.request.model == "precious"
}

deny contains {"policy": "behavry.base.models", "reason": "no pictures"} if {
	is_chat
	some message in input.request.parameters.messages
	some part in message.content
	part.type == "image_url"
}

deny contains {"policy": "behavry.base.models", "reason": "only with the key of the plane"} if {
	is_chat
	input.request.model == "plane-key-only"
	input.request.key_source != "plane"
}

allow contains {"policy": "behavry.base.models", "reason": "harmless tool"} if {
	input.request.tool_name in {"get_weather", "grep", "hosted:web_search"}
}

allow contains {"policy": "behavry.base.models", "reason": "files of its own"} if {
	input.request.tool_name == "delete_file"
	startswith(input.request.parameters.path, "/srv/app/")
}

# The texts of a request are not for rules, only what can be known without them.
deny contains {"policy": "behavry.base.models", "reason": "a text of the call reached the engine"} if {
	is_chat
	contains(json.marshal(input.request), "canary")
}

restrict contains {
	"policy": "behavry.base.models", "reason": "with its answer cut down",
	"obligations": [{"name": "max_result_bytes", "value": 100}],
} if {
	input.request.tool_name == "read_file"
	input.request.parameters.how == "max_result_bytes"
}

restrict contains {
	"policy": "behavry.base.models", "reason": "in a narrower way",
	"obligations": [{"name": input.request.parameters.how}],
} if {
	input.request.tool_name == "read_file"
	input.request.parameters.how != "max_result_bytes"
}

deny contains {"policy": "behavry.base.models", "reason": "only what can be read"} if {
	input.request.model == "readable"
	count(input.request.unscanned) > 0
}

escalate contains {"policy": "behavry.base.models", "reason": "a person looks at payments first"} if {
	input.request.tool_name == "pay"
	input.request.model != "no-payments"
}

deny contains {"policy": "behavry.base.models", "reason": "too much"} if {
	input.request.tool_name == "pay"
	input.request.parameters.amount > 1000
}

deny contains {"policy": "behavry.base.models", "reason": "a token was found"} if {
	input.request.model == "finder"
	some finding in input.dlp.findings
	finding.pattern == "github_token"
}
