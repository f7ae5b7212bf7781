# METADATA
# description: >-
#   Who may ask OPA what, with --authorization=basic: decisions of the product's own package, health, metrics
#   and status. Reading or writing policies and data, ad hoc queries and the configuration are closed, also to
#   local processes.
package system.authz

default allow := false

allow if {
	input.method == "POST"
	array.slice(input.path, 0, 3) == ["v1", "data", "behavry"]
}

allow if {
	input.method == "GET"
	input.path in {["health"], ["metrics"], ["v1", "status"]}
}
