package behavry.authz

# Rules for these tests, in the shape of the real decision.
revision := "r1"

result := "deny" if {
	input.request.tool_name in {"get-env", "prompts/secret"}
} else := "escalate" if {
	input.request.tool_name == "get-sum"
} else := "restrict" if {
	input.request.tool_name in {"get-tiny-image", "annotate-image"}
} else := "deny" if {
	input.request.action == "unknown"
} else := "allow"

obligations := [{"name": "max_result_bytes", "value": 100}] if {
	input.request.tool_name == "get-tiny-image"
} else := [{"name": "redact_outbound"}, {"name": "redact_inbound"}] if {
	input.request.tool_name == "annotate-image"
} else := []

decision := {
	"result": result,
	"reason": sprintf("%s for tests", [result]),
	"is_reason_constant": true,
	"policy": "behavry.base.tests",
	"policy_id": "behavry.base.tests",
	"version": 0,
	"obligations": obligations,
	"contributions": [],
	"judges_truncated": false,
	"revision": revision,
	"generation": 0,
}
