package behavry.authz

revision := "r1"

result_of := {"echo": "allow", "drop": "deny", "pay": "escalate", "list": "restrict"}

obligations := [{"name": "max_result_bytes", "value": 10}] if input.request.tool_name == "list"

else := []

decision := {
	"result": result_of[input.request.tool_name],
	"reason": "for tests",
	"is_reason_constant": true,
	"policy": "behavry.base.test",
	"policy_id": "id-test",
	"version": 3,
	"obligations": obligations,
	"contributions": [{
		"policy": "behavry.base.test", "policy_id": "id-test", "version": 3,
		"verdict": result_of[input.request.tool_name],
	}],
	"judges_truncated": false,
	"revision": revision,
	"generation": 1,
}
