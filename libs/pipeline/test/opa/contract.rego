package behavry.authz

revision := "r1"

result_of := {"echo": "allow", "drop": "deny", "pay": "escalate", "list": "restrict"}

obligations := [{"name": "max_result_bytes", "value": 10}] if input.request.tool_name == "list"

else := []

decision := {
	"result": result_of[input.request.tool_name],
	"reason": "for tests",
	"policy": "behavry.base.test",
	"obligations": obligations,
	"revision": revision,
}
