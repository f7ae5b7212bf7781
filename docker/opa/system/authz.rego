# METADATA
# description: >-
#   Who may ask OPA what, with --authorization=basic: decisions of the product's own package, health, metrics
#   and status. Reading or writing policies and data, ad hoc queries and the configuration are closed, also to
#   local processes. Where OPA's keeper has loaded the digest of a token (data.system.access), everything but
#   health needs that token; elsewhere the mode of the socket says who may ask.
package system.authz

default allow := false

allow if {
	input.method == "GET"
	input.path == ["health"]
}

allow if {
	is_known
	input.method == "POST"
	array.slice(input.path, 0, 3) == ["v1", "data", "behavry"]
}

allow if {
	is_known
	input.method == "GET"
	input.path in {["metrics"], ["v1", "status"]}
}

is_known if not needs_token

# Digests are compared, so that the time of a comparison says nothing about the token.
is_known if crypto.sha256(input.identity) == data.system.access.token_sha256

# Whatever lies there: a digest that was written wrongly closes OPA and opens nothing.
needs_token if _ = data.system.access
