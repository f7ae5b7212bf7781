# METADATA
# title: Demo - models
# description: Which model an agent may talk to in the demo.
package behavry.base.demo_models

allow contains {"policy": "behavry.base.demo_models", "reason": "the demo's model may be used"} if {
	input.request.kind == "llm"
	input.request.tool_name == "chat"

	# A tool that an answer calls may be named the same; only a use of a model has a provider.
	input.request.provider != ""
	input.request.model in {"gpt-4o-mini", "behavry-demo"}
}

deny contains {"policy": "behavry.base.demo_models", "reason": "no model of the demo may send mail"} if {
	input.request.kind == "llm"
	input.request.provider == ""
	input.request.tool_name == "send_mail"
}
