package system.authz_test

import data.system.authz

# SHA-256 of "right".
access := {"token_sha256": "27042f4e6eca7d0b2a7ee4026df2ecfa51d3339e6d122aa099118ecd8563bad9"}

decision := {"method": "POST", "path": ["v1", "data", "behavry", "authz", "decision"]}

open_paths := [
	{"method": "GET", "path": ["metrics"]},
	{"method": "GET", "path": ["v1", "status"]},
	decision,
	{"method": "POST", "path": ["v1", "data", "behavry", "authz", "revision"]},
]

closed_paths := [
	{"method": "PUT", "path": ["v1", "policies", "mine"]},
	{"method": "GET", "path": ["v1", "policies"]},
	{"method": "GET", "path": ["v1", "data", "behavry"]},
	{"method": "PUT", "path": ["v1", "data", "behavry"]},
	{"method": "PATCH", "path": ["v1", "data", "behavry"]},
	{"method": "POST", "path": ["v1", "data", "system", "access"]},
	{"method": "POST", "path": ["v1", "data"]},
	{"method": "POST", "path": []},
	{"method": "POST", "path": ["v1", "query"]},
	{"method": "POST", "path": ["v1", "compile"]},
	{"method": "GET", "path": ["v1", "config"]},
	{"method": "POST", "path": ["health"]},
	{"method": "GET", "path": ["health", "x"]},
]

from(request, identity) := object.union(request, {"identity": identity})

test_health_is_open_to_all if {
	authz.allow with input as {"method": "GET", "path": ["health"]} with data.system.access as access
	authz.allow with input as {"method": "GET", "path": ["health"]}
}

test_without_a_token_the_paths_of_the_product_are_open if {
	every request in open_paths {
		authz.allow with input as request
	}
}

test_without_a_token_everything_else_is_closed if {
	every request in closed_paths {
		not authz.allow with input as request
		not authz.allow with input as from(request, "right")
	}
}

test_the_right_token_opens_the_paths_of_the_product if {
	every request in open_paths {
		authz.allow with input as from(request, "right") with data.system.access as access
	}
}

test_the_right_token_opens_nothing_else if {
	every request in closed_paths {
		not authz.allow with input as from(request, "right") with data.system.access as access
	}
}

test_no_token_opens_nothing_but_health if {
	every request in open_paths {
		not authz.allow with input as request with data.system.access as access
	}
}

test_a_wrong_token_opens_nothing_but_health if {
	every request in open_paths {
		every identity in ["wrong", "", "Right", "right ", "Bearer right", access.token_sha256, null, ["right"]] {
			not authz.allow with input as from(request, identity) with data.system.access as access
		}
	}
}

test_a_digest_that_is_none_closes_everything_but_health if {
	every wrong in [{}, {"token_sha256": null}, {"token_sha256": ""}, "", false, null, []] {
		not authz.allow with input as from(decision, "right") with data.system.access as wrong
		not authz.allow with input as decision with data.system.access as wrong
	}
}
